/* Interrupt controllers made of software, as their specifications have them,
 * behind the host's stand-ins for arch/mmio.h, arch/imsic.h and mm/kmap.h:
 * APLIC domains, harts' interrupt files, and a PLIC that claims what it is
 * told to.
 *
 * One thread; a test says with host_cpu which hart it is. */
#pragma once

#include "arch/cpu.h"

#define MODEL_SOURCES 64
#define MODEL_HARTS   4
#define MODEL_IDCS    8

/* A domain of an APLIC [aia §4.5]. */
struct model_aplic {
    uint64_t base;     /* physical; 0: none is here */
    uint32_t fixed_dm; /* its domaincfg.DM whatever is written, if not 0 */
    bool no_msi;       /* domaincfg.DM is always 0 */
    bool withheld[MODEL_SOURCES]; /* not delegated to it */

    uint32_t domaincfg;
    uint32_t sourcecfg[MODEL_SOURCES], target[MODEL_SOURCES];
    bool wire[MODEL_SOURCES], pending[MODEL_SOURCES], enabled[MODEL_SOURCES];
    uint32_t idelivery[MODEL_IDCS], ithreshold[MODEL_IDCS];
    uint32_t claim_lie; /* what the next claim returns, if not 0 */
};

/* A hart's interrupt file for S-mode [aia §3.8]. */
struct model_file {
    bool absent;
    unsigned ids;
    unsigned hart_index; /* what APLICs call the hart */
    uint64_t eidelivery, eithreshold, eip[32], eie[32];
};

extern struct model_aplic model_aplics[2];
extern struct model_file model_files[MODEL_HARTS];
extern struct cpu model_cpus[MODEL_HARTS];

/* What claims of the PLIC return, up to a 0; and what was written back. */
extern uint32_t model_plic_claims[8], model_plic_completed[8];
extern unsigned model_plic_nclaimed, model_plic_ncompleted;

/* Everything as after power-on, with so many harts of these ids. */
void model_reset(unsigned nharts, const uint64_t *hartids);

/* Makes the test run on a hart. */
void model_run_on(unsigned cpu);

/* Moves the wire of a source. */
void model_wire(struct model_aplic *aplic, unsigned source, bool high);

/* Whether the hart has an external interrupt pending. */
bool model_pending(unsigned cpu);

/* Whether the PLIC has a source enabled for a context. */
bool model_plic_enabled(unsigned context, unsigned source);
