/* Calls to the firmware: the RISC-V Supervisor Binary Interface [sbi].
 *
 * Owns nothing but what sbi_init has found out; any context. */
#pragma once

#include "lib/compiler.h"

/* Finds out which console there is. */
void sbi_init(void);

/* "OpenSBI 1.1, SBI 1.0" into buf. */
void sbi_describe(char *buf, size_t size);

/* Writes to the firmware's console; for use before the UART is found. */
void sbi_console_write(const char *text, size_t len);

/* Starts a stopped hart at physical address pc, with a1 = opaque
 * [sbi §9.1]. Returns 0 or -EIO. */
int sbi_hart_start(uint64_t hartid, uint64_t pc, uint64_t opaque) MUST_CHECK;

/* Asks for a timer interrupt at timebase tick `tick`, which also clears a
 * pending one [sbi §6.1]. */
void sbi_set_timer(uint64_t tick);

/* Raises a software interrupt on one hart [sbi §7.1]. */
void sbi_send_ipi(uint64_t hartid);

/* Makes a hart, or every hart of the machine, flush its TLB for the range of
 * virtual addresses in one address space, or in all, and waits until it has
 * [sbi §8.2, §8.3]. */
#define SBI_ALL_HARTS  UINT64_MAX
#define SBI_ALL_SPACES UINT64_MAX
void sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size,
                       uint64_t asid);

/* Makes every hart's later instruction fetches see earlier writes to memory
 * [sbi §8.1]. */
void sbi_remote_fence_i(void);

/* System reset [sbi §10.1]. They return only if the firmware cannot. */
void sbi_shutdown(bool failed);
void sbi_reboot(void);
