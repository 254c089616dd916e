/* The kernel's log: a ring in memory, and a console that echoes it.
 *
 * Owns the log ring and the hooks; guarded by the lock among these.
 * Any context, interrupts and panics included. A message is one line, and
 * appears on the console in the order of the log; levels follow syslog(2).
 * Control characters in it are shown as \xNN: names from a disk or a user
 * cannot forge lines or drive the terminal. */
#pragma once

#include "lib/compiler.h"

#define PRINT_LOG_SIZE 65536 /* bytes of log that are kept; a power of two */

enum print_level {
    PRINT_ERR = 3,
    PRINT_WARN = 4,
    PRINT_NOTE = 5,
    PRINT_INFO = 6,
    PRINT_DEBUG = 7,
};

/* What this layer, which knows neither harts nor devices, is given while
 * booting. Each but the limit may be NULL. */
extern struct print_hooks {
    /* Receives console text: the firmware first, the UART later. It must not
     * sleep and must work with interrupts off. */
    void (*put)(const char *text, size_t len);

    /* Around log and console; until it is set only one hart may print. lock
     * must keep interrupts off, or a handler that prints would wait for the
     * very thread it interrupted. */
    void (*lock)(void);
    void (*unlock)(void);

    /* Is told the subject of each line of boot progress. */
    void (*boot_step)(const char *subject);

    uint64_t (*now_ns)(void); /* stamps messages: time since boot */
    enum print_level limit;   /* levels >= limit are logged but not shown */

    /* atomic; in a panic nobody waits for a lock any more: the hart that holds
     * it may be the one that has panicked */
    bool panicking;
} print_hooks;

/* Appends one line to the log (the newline is added) and, if level is below
 * the console's limit, to the console. */
void print(enum print_level level, const char *format, ...) PRINTF(2, 3);

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

/* Copies log text, lines of the form "<6>[    0.123456] text", from byte
 * position *pos (counted since boot) into buf, at most size bytes; moves *pos
 * on, skipping what the ring has lost, by whole lines.
 * Returns the bytes copied, 0 at the end. */
size_t print_read_log(uint64_t *pos, char *buf, size_t size);
