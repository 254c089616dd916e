/* The system console: a terminal over the UART.
 *
 * Owns the wiring between the two. */
#pragma once

#include "lib/compiler.h"

struct tty;

/* Makes the console terminal and starts the UART's interrupt. Thread context,
 * once. Returns 0, -ENODEV without a UART, -ENOMEM, or uart_start's error. */
int console_init(void) MUST_CHECK;

/* The console, constant after console_init; NULL before, or without one. */
struct tty *console_tty(void);
