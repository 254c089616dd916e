/* What a panic or a fault leaves in the log: registers, and who called whom.
 *
 * Owns nothing; any context. */
#pragma once

#include "arch/trap.h"

/* The name of an exception or interrupt code of scause. */
const char *report_cause_name(uint64_t scause);

/* Prints the registers of frame by name, for panics and fault reports. */
void report_frame(const struct trapframe *frame);

/* The same for this hart's registers as they are now, with what the last trap
 * left in its own. */
void report_registers(void);

/* Prints the names of the functions on the call chain that starts at frame
 * pointer fp; stops at the first pointer that is not on a kernel stack. */
void report_backtrace(uint64_t pc, uint64_t fp);

/* Notes up to n addresses to which the calls on this chain return, pc among
 * them, for report_names to print; a shorter list ends with 0. */
void report_callers(uint64_t pc, uint64_t fp, uint64_t *callers, unsigned n);
void report_names(const uint64_t *callers, unsigned n);
