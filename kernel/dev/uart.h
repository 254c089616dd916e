/* The serial port, an NS16550A [ns16550].
 *
 * Owns the port that the platform names, its registers and a ring of bytes to
 * send; guarded by one lock (RANK_UART). Any context unless said otherwise.
 * The baud rate stays as the firmware set it. */
#pragma once

#include "lib/compiler.h"

struct tty;

/* Finds and maps the port; polled output works from then on. Boot hart.
 * Returns 0, -ENODEV if the machine has no such port, or -ENOMEM. */
int uart_init(void) MUST_CHECK;

/* Whether uart_init has found a port. */
bool uart_is_present(void);

/* Takes the port's interrupt, and tells tty from then on when there is input,
 * or room for output. Thread context, once. Returns 0 or irq_register's
 * error. */
int uart_start(struct tty *tty) MUST_CHECK;

/* Writes all of text at once, waiting for the transmitter, "\n" as "\r\n":
 * the console of lib/print.h. What uart_write took before is sent first, and
 * a line it left unfinished is ended. Works with interrupts off and, without
 * the lock, in a panic. */
void uart_put(const char *text, size_t len);

/* Takes up to len bytes for sending as they are; returns how many. */
size_t uart_write(const char *text, size_t len);

/* How many bytes uart_write would take now; whether all it took is sent. */
size_t uart_write_room(void);
bool uart_is_drained(void);

/* Hands out up to max received bytes; returns how many. What is not
 * asked for stays in the port, which holds its sender back. */
size_t uart_read(char *buf, size_t max);
