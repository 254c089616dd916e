/* The serial port, an NS16550A [ns16550], and the console terminal over it.
 *
 * Owns the port that the platform names, its registers and a ring of bytes to
 * send; guarded by one lock (RANK_UART). Any context unless said otherwise.
 * The baud rate stays as the firmware set it. */
#pragma once

#include "lib/compiler.h"

/* Finds and maps the port; polled output works from then on. Boot hart.
 * Returns 0, -ENODEV if the machine has no such port, or -ENOMEM. */
int uart_init(void) MUST_CHECK;

/* Makes the console terminal and takes the port's interrupt. Thread context,
 * once. Returns 0, -ENOMEM, irq_register's error, or -ENODEV: without a port
 * the terminal is the firmware's console, and has no input. */
int uart_start(void) MUST_CHECK;

/* Writes all of text at once, waiting for the transmitter, "\n" as "\r\n":
 * the console of lib/print.h. What the terminal wrote before is sent first, and
 * a line it left unfinished is ended. Works with interrupts off and, without
 * the lock, in a panic. */
void uart_put(const char *text, size_t len);
