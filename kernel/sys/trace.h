/* Tracing, as the rest of the kernel takes part in it. */
#pragma once

/* Gives the harts' rings their memory and switches on what the bootarg trace
 * names. Once, on the boot hart, when there are frames. */
void trace_start(void);

/* Sends system calls and lines of the boot report by the tracepoints, or past
 * them, as is switched now. When trap_hooks have been set, and whenever
 * something is switched. */
void trace_set_hooks(void);
