/* The console, as init's own input and output and as a shell's terminal. */
#pragma once

/* Makes descriptors 0, 1 and 2 the console, unless the kernel has opened
 * them. */
void console_open(void);

/* In a child: starts a session with the console as its terminal, as far as
 * the kernel has such a thing. */
void console_take(void);
