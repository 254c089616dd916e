#include "intc_model.h"

#include "arch/imsic.h"
#include "arch/mmio.h"
#include "mm/kmap.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW   0x9000u
#define PLIC     0x60000000ull
#define PLIC_MAX 0x204000u

struct model_aplic model_aplics[2];
struct model_file model_files[MODEL_HARTS];
struct cpu model_cpus[MODEL_HARTS];
struct cpu host_cpu;
unsigned host_cpu_count;

uint32_t model_plic_claims[8], model_plic_completed[8];
unsigned model_plic_nclaimed, model_plic_ncompleted;

static uint8_t windows[2][WINDOW];
static uint32_t plic[PLIC_MAX / 4];

/* ---- Harts ---- */

void
model_reset(unsigned nharts, const uint64_t *hartids)
{
    memset(model_aplics, 0, sizeof(model_aplics));
    memset(model_files, 0, sizeof(model_files));
    memset(plic, 0xff, sizeof(plic)); /* unspecified */
    memset(model_plic_claims, 0, sizeof(model_plic_claims));
    model_plic_nclaimed = model_plic_ncompleted = 0;
    host_cpu_count = nharts;
    for (unsigned i = 0; i < nharts; i++)
        model_cpus[i] = (struct cpu){i, hartids[i], true};
    model_run_on(0);
}

void
model_run_on(unsigned cpu)
{
    host_cpu = model_cpus[cpu];
}

struct cpu *
cpu_get(unsigned i)
{
    return &model_cpus[i];
}

/* ---- APLICs ---- */

static bool
is_active(const struct model_aplic *a, unsigned source)
{
    return source < MODEL_SOURCES && a->sourcecfg[source] != 0;
}

static bool
rectified(const struct model_aplic *a, unsigned source)
{
    uint32_t mode = a->sourcecfg[source];
    return mode >= 4 && a->wire[source] != (mode == 5 || mode == 7);
}

static bool
is_level(const struct model_aplic *a, unsigned source)
{
    return a->sourcecfg[source] >= 6;
}

static bool
sends(const struct model_aplic *a)
{
    return a->domaincfg & 1 << 2;
}

/* In direct mode, what is level-sensitive pends as its wire says [aia §4.7]. */
static bool
pends(const struct model_aplic *a, unsigned source)
{
    if (is_level(a, source) && !sends(a))
        return rectified(a, source);
    return a->pending[source];
}

static void
forward(struct model_aplic *a)
{
    if (!sends(a) || !(a->domaincfg & 1 << 8))
        return;
    for (unsigned s = 1; s < MODEL_SOURCES; s++) {
        if (!a->pending[s] || !a->enabled[s])
            continue;
        a->pending[s] = false;
        uint32_t id = a->target[s] & 0x7ff;
        for (unsigned i = 0; i < MODEL_HARTS; i++)
            if (model_files[i].hart_index == a->target[s] >> 18 &&
                id <= model_files[i].ids)
                model_files[i].eip[id / 64] |= 1ull << id % 64;
    }
}

void
model_wire(struct model_aplic *a, unsigned source, bool high)
{
    bool before = rectified(a, source);
    a->wire[source] = high;
    bool after = rectified(a, source);
    if (after && !before)
        a->pending[source] = true;
    else if (!after && is_level(a, source))
        a->pending[source] = false;
    forward(a);
}

/* The source of highest priority for the hart of that index, and its priority,
 * as topi has them. */
static uint32_t
topi(const struct model_aplic *a, unsigned index)
{
    for (unsigned s = 1; s < MODEL_SOURCES; s++)
        if (is_active(a, s) && pends(a, s) && a->enabled[s] &&
            a->target[s] >> 18 == index && a->ithreshold[index] == 0)
            return s << 16 | (a->target[s] & 0xff);
    return 0;
}

static uint32_t
aplic_read(struct model_aplic *a, size_t at)
{
    if (at == 0)
        return 0x80000000 | a->domaincfg;
    if (at < 4 * MODEL_SOURCES)
        return a->sourcecfg[at / 4];
    if (at >= 0x1d00 && at < 0x1d80) {
        uint32_t word = 0;
        for (unsigned s = 0; s < 32; s++)
            if ((at - 0x1d00) / 4 * 32 + s < MODEL_SOURCES)
                word |= (uint32_t)rectified(a, (at - 0x1d00) / 4 * 32 + s) << s;
        return word;
    }
    if (at >= 0x4000 && at % 0x20 == 0x1c) {
        unsigned index = (at - 0x4000) / 0x20;
        uint32_t top = topi(a, index);
        if (a->claim_lie != 0) {
            top = a->claim_lie;
            a->claim_lie = 0;
        } else {
            a->pending[top >> 16] = false;
        }
        return top;
    }
    abort(); /* a register that nobody needs */
}

static void
aplic_write(struct model_aplic *a, size_t at, uint32_t value)
{
    if (at == 0) {
        a->domaincfg = value & (a->no_msi ? 0x100 : 0x104);
        a->domaincfg |= a->fixed_dm;
    } else if (at < 4 * MODEL_SOURCES) {
        unsigned s = at / 4;
        bool bad = a->withheld[s] || value == 2 || value == 3 || value > 7;
        a->sourcecfg[s] = bad ? 0 : value;
        a->pending[s] = a->pending[s] || rectified(a, s);
    } else if (at >= 0x1f00 && at < 0x1f80) {
        for (unsigned s = 0; s < 32; s++)
            if (value >> s & 1 && (at - 0x1f00) / 4 * 32 + s < MODEL_SOURCES)
                a->enabled[(at - 0x1f00) / 4 * 32 + s] = false;
    } else if (at == 0x1cdc && is_active(a, value)) {
        if (sends(a) && (!is_level(a, value) || rectified(a, value)))
            a->pending[value] = true;
    } else if (at == 0x1edc && is_active(a, value)) {
        a->enabled[value] = true;
    } else if (at == 0x1fdc && value < MODEL_SOURCES) {
        a->enabled[value] = false;
    } else if (at > 0x3000 && at < 0x3000 + 4 * MODEL_SOURCES) {
        if (is_active(a, (at - 0x3000) / 4))
            a->target[(at - 0x3000) / 4] = value;
    } else if (at >= 0x4000 && at % 0x20 == 0x00) {
        a->idelivery[(at - 0x4000) / 0x20] = value;
    } else if (at >= 0x4000 && at % 0x20 == 0x08) {
        a->ithreshold[(at - 0x4000) / 0x20] = value;
    }
    forward(a);
}

/* ---- Interrupt files ---- */

static struct model_file *
own_file(void)
{
    return &model_files[host_cpu.index];
}

static uint64_t *
file_register(struct model_file *file, unsigned reg)
{
    if (file->absent || (reg >= 0x80 && reg % 2 != 0))
        abort(); /* an illegal instruction */
    return reg == IMSIC_EIDELIVERY    ? &file->eidelivery
           : reg == IMSIC_EITHRESHOLD ? &file->eithreshold
           : reg < IMSIC_EIE(0)       ? &file->eip[(reg - IMSIC_EIP(0)) / 2]
                                      : &file->eie[(reg - IMSIC_EIE(0)) / 2];
}

bool
imsic_present(void)
{
    return !own_file()->absent;
}

uint64_t
imsic_read(unsigned reg)
{
    return *file_register(own_file(), reg);
}

void
imsic_write(unsigned reg, uint64_t value)
{
    struct model_file *file = own_file();
    for (unsigned i = 0; reg >= IMSIC_EIP(0) && i < 64; i++) {
        unsigned id = reg % 0x40 * 32 + i;
        if (id == 0 || id > file->ids)
            value &= ~(1ull << i); /* there is no such identity */
    }
    *file_register(file, reg) = value;
}

static unsigned
top_identity(const struct model_file *file)
{
    for (unsigned id = 1; id <= file->ids && file->eithreshold == 0; id++)
        if (file->eip[id / 64] & file->eie[id / 64] & 1ull << id % 64)
            return id;
    return 0;
}

unsigned
imsic_claim(void)
{
    unsigned id = top_identity(own_file());
    own_file()->eip[id / 64] &= ~(1ull << id % 64);
    return id;
}

bool
model_pending(unsigned cpu)
{
    if (model_files[cpu].eidelivery == 1)
        return top_identity(&model_files[cpu]) != 0;
    for (unsigned i = 0; i < MODEL_IDCS; i++)
        if (i == model_files[cpu].hart_index && model_aplics[0].idelivery[i])
            return topi(&model_aplics[0], i) != 0;
    return false;
}

/* ---- The PLIC, and the address space ---- */

bool
model_plic_enabled(unsigned context, unsigned source)
{
    return plic[(0x2000 + 0x80 * context) / 4 + source / 32] >> source % 32 & 1;
}

static struct model_aplic *
aplic_at(const volatile void *reg, size_t *at)
{
    for (unsigned i = 0; i < 2; i++) {
        *at = (size_t)((const volatile uint8_t *)reg - windows[i]);
        if (*at < WINDOW && *at % 4 == 0)
            return &model_aplics[i];
    }
    *at = (size_t)((const volatile uint8_t *)reg - (uint8_t *)plic);
    if (*at >= PLIC_MAX || *at % 4 != 0)
        abort();
    return NULL;
}

uint32_t
mmio_read32(const volatile void *reg)
{
    size_t at;
    struct model_aplic *aplic = aplic_at(reg, &at);
    if (aplic)
        return aplic_read(aplic, at);
    if (at >= 0x200000 && at % 0x1000 == 4)
        return model_plic_claims[model_plic_nclaimed++];
    return plic[at / 4];
}

void
mmio_write32(volatile void *reg, uint32_t value)
{
    size_t at;
    struct model_aplic *aplic = aplic_at(reg, &at);
    if (aplic)
        aplic_write(aplic, at, value);
    else if (at >= 0x200000 && at % 0x1000 == 4)
        model_plic_completed[model_plic_ncompleted++] = value;
    else
        plic[at / 4] = value;
}

void *
kmap_device(uint64_t pa, uint64_t size)
{
    for (unsigned i = 0; i < 2; i++)
        if (model_aplics[i].base == pa && pa != 0)
            return size <= WINDOW ? windows[i] : NULL;
    return pa == PLIC && size <= PLIC_MAX ? plic : NULL;
}
