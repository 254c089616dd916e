/* The monotonic clock and the hart's deadline timer.
 *
 * Owns the timebase; any context after clock_init. */
#pragma once

#include "lib/compiler.h"

/* Takes the timebase frequency in Hz, up to 4 GHz, and whether all harts have
 * Sstc, from the device tree. */
void clock_init(uint64_t timebase_hz, bool has_sstc);

/* The time CSR when the kernel was entered, and its frequency: for those who
 * reckon clock_now_ns by themselves. */
void clock_get_base(uint64_t *ticks, uint64_t *timebase_hz);

/* Nanoseconds since the kernel was entered. */
uint64_t clock_now_ns(void);

/* Arms this hart's timer interrupt for deadline_ns, or disarms it with
 * UINT64_MAX; by stimecmp where the hart has Sstc, else through SBI. */
void clock_set_deadline(uint64_t deadline_ns);

/* Lets some microseconds pass in sleep, so that a host which has more harts to
 * run than processors can run another one; the deadline stays armed.
 * Interrupts off; any other wait for a pending interrupt is shorter. */
void clock_nap(void);

/* Busy-waits; for device resets of a few microseconds only. */
void clock_delay_us(unsigned us);

/* Instructions this hart has retired [riscv-unpriv §10.1]. */
uint64_t clock_instret(void);
