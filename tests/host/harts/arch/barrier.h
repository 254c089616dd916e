/* The host's stand-in for kernel/arch/barrier.h where a test is of several
 * harts: at each barrier it may let another one do something. */
#pragma once

void barrier_full(void);
