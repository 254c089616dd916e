/* What tests of device drivers put in place of the kernel's lower layers, in
 * addition to mkfs/host_kernel.c: a clock that the test moves, timers, the
 * number of the hart, and a log that the test can read.
 *
 * One thread; nothing happens on its own. A program that links this says
 * `-Wl,--wrap=print -Wl,--wrap=kmalloc -Wl,--wrap=kzalloc` in its LIBS. */
#pragma once

#include "arch/cpu.h"
#include "lib/compiler.h"

/* What clock_now_ns returns. */
extern uint64_t shim_now;

/* Moves the clock to deadline_ns and runs the timers that are due on the
 * way. */
void shim_run_timers(uint64_t deadline_ns);

/* Timers that are set. */
unsigned shim_timers_set(void);

/* Called where waitq_sleep_until would sleep, with no lock held. */
extern void (*shim_idle)(void);

/* The log since shim_log_clear: all lines, each with its newline. */
const char *shim_log(void);
void shim_log_clear(void);

/* How many lines of the log contain text. */
unsigned shim_log_count(const char *text);

/* The n-th kmalloc or kzalloc from now on returns NULL; 0: none does. */
extern unsigned shim_fail_alloc;
