/* What a terminal needs of the kernel, on the host: locks that check their
 * use, waits that a test scripts, buffers without a user space; and a port
 * with a terminal over it.
 *
 * Owns the state below; tty_shim_make resets it. */
#pragma once

#include "lib/compiler.h"

#define SHIM_SIGNALS 16

struct tty;

extern struct tty_shim {
    /* Called in place of a sleep; what it returns is the sleep's result. If
     * NULL, a sleep ends at its deadline, or as if by a signal. */
    int (*on_sleep)(uint64_t deadline_ns);
    unsigned sleeps, wakes;
    uint64_t now_ns;
    int signals[SHIM_SIGNALS]; /* sent, in order */
    int groups[SHIM_SIGNALS];  /* to whom */
    unsigned nsignals;
    int refused; /* what tty_job_check is asked for in vain */
    bool fail_alloc;
    bool fail_copy; /* user memory is not accessible */
} tty_shim;

/* A port whose sender waits, and whose screen fills. */
extern struct tty_shim_port {
    const char *input; /* sent and not taken yet */
    size_t input_len;
    char output[65536];
    size_t output_len, output_room;
    size_t queued;     /* not sent yet */
    unsigned discards; /* of these */
} tty_shim_port;

/* Makes a terminal over the port; its foreground group is 7. The caller puts
 * it. */
struct tty *tty_shim_make(void);

/* Sends len bytes of text, which must stay valid until they are taken. */
void tty_shim_type(struct tty *tty, const char *text, size_t len);

/* tty_read and tty_write on kernel memory. */
int64_t tty_shim_read(struct tty *tty, char *buf, size_t max, bool nonblock);
int64_t tty_shim_write(struct tty *tty, const char *text, size_t len,
                       bool nonblock);

/* Fail the test unless the next read gives exactly want; has nothing to give;
 * the screen shows exactly want. */
void expect_read(struct tty *tty, const char *want);
void expect_nothing(struct tty *tty);
void expect_shown(const char *want);
