/* The kernel's log: a ring in memory, and a console that echoes it.
 *
 * Owns the log ring and the hooks; guarded by the lock of print_set_lock.
 * Any context, interrupts and panics included. A message is one line, and
 * appears on the console in the order of the log; levels follow syslog(2).
 * Control characters in it are shown as \xNN: names from a disk or a user
 * cannot forge lines or drive the terminal. */
#pragma once

#include "lib/compiler.h"
#include <stdarg.h>

#define PRINT_LOG_SIZE 65536 /* bytes of log that are kept; a power of two */

enum print_level {
    PRINT_ERR = 3,
    PRINT_WARN = 4,
    PRINT_NOTE = 5,
    PRINT_INFO = 6,
    PRINT_DEBUG = 7,
};

/* Appends one line to the log (the newline is added) and, if level is below
 * the console's limit, to the console. */
void print(enum print_level level, const char *format, ...) PRINTF(2, 3);
void vprint(enum print_level level, const char *format, va_list args)
    PRINTF(2, 0);

#define pr_err(...)  print(PRINT_ERR, __VA_ARGS__)
#define pr_warn(...) print(PRINT_WARN, __VA_ARGS__)
#define pr_info(...) print(PRINT_INFO, __VA_ARGS__)

/* Boot progress, logged at PRINT_INFO as "subject: what it found". The
 * console shows it in aligned columns, with the time since boot in front;
 * subject is a word of the kernel's own:
 *
 *     [0.012] virtio0   blk, 128 descriptors
 */
void print_boot(const char *subject, const char *format, ...) PRINTF(2, 3);

/* Writes raw text to the console, not the log; for panic and the early
 * shell. Any context. */
void print_raw(const char *text, size_t len);

/* Sets who receives console text: the firmware first, the UART later. put
 * must not sleep and must work with interrupts off. */
void print_set_console(void (*put)(const char *text, size_t len));

/* Sets the lock around the log and the console; until then only one hart may
 * print. This layer knows neither harts nor interrupts, so it cannot bring a
 * lock of its own: lock must keep interrupts off, or a handler that prints
 * would wait for the very thread it interrupted. */
void print_set_lock(void (*lock)(void), void (*unlock)(void));

/* Sets the clock that stamps messages: nanoseconds since boot. */
void print_set_clock(uint64_t (*now_ns)(void));

/* Levels >= limit are logged but not shown. Default PRINT_DEBUG. */
void print_set_limit(enum print_level limit);

/* Copies log text, lines of the form "<6>[    0.123456] text", from byte
 * position *pos (counted since boot) into buf, at most size bytes; moves *pos
 * on, skipping what the ring has lost, by whole lines.
 * Returns the bytes copied, 0 at the end. */
size_t print_read_log(uint64_t *pos, char *buf, size_t size);

/* After this, print and print_raw no longer wait for the log's lock: the
 * hart that holds it may be the one that has panicked. */
void print_enter_panic(void);

/* Whether print_enter_panic was called; for consoles with a lock. */
bool print_in_panic(void);
