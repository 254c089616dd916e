/* The system console: a terminal over the UART.
 *
 * Owns the wiring between the two. */
#pragma once

#include "lib/compiler.h"

struct tty;

/* Makes the console terminal and starts the UART's interrupt. Without a
 * UART, the terminal writes where the kernel prints and never has input.
 * Thread context, once. Returns 0, -ENOMEM, or uart_start's error. */
int console_init(void) MUST_CHECK;

/* The console, constant after console_init; NULL before. */
struct tty *console_tty(void);
