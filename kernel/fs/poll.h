/* Waiting for several files at once, whichever is ready first.
 *
 * A struct poll_table lives on the caller's stack, private to its thread. A
 * file's poll puts the thread on the queues that would be woken if its answer
 * changed, before it looks: a change after the look wakes the sleep that
 * follows. Files that are waited for are kept, with a reference. Thread
 * context; only poll_sleep and poll_end block.
 *
 *     poll_begin(&table, deadline_ns);
 *     do
 *         ready = poll_file(file, &table);
 *     while (!(ready & events) && (err = poll_sleep(&table)) == 0);
 *     poll_end(&table);
 */
#pragma once

#include "abi/poll.h"
#include "fs/file.h"

#define POLL_IN     (POLLIN | POLLRDNORM)
#define POLL_OUT    (POLLOUT | POLLWRNORM)
#define POLL_ALWAYS (POLLERR | POLLHUP) /* reported whether wanted or not */

/* On one queue. */
struct poll_entry {
    struct waiter waiter;
    struct waitq *wq;
    struct file *file; /* with a reference */
};

#define POLL_FEW  6u  /* entries without an allocation */
#define POLL_MANY 64u /* entries of an allocation */

struct poll_page {
    struct poll_page *next;
    struct poll_entry entries[POLL_MANY];
};

struct poll_table {
    uint64_t deadline_ns; /* WAIT_FOREVER: none; 0: only look */
    uint64_t events;      /* sum of the asked queues' counts of events */
    struct file *file;    /* that is being asked */
    int error;            /* why somebody could not be put on a queue */
    bool woken;           /* atomic: by a queue */
    bool is_quiet;        /* does not go on queues */
    unsigned n;           /* entries */
    struct poll_page *pages;
    struct poll_entry few[POLL_FEW];
};

/* Deadline as for waitq_sleep_until. */
void poll_begin(struct poll_table *table, uint64_t deadline_ns);

/* What file is ready for, POLL*; the table goes on its queues. A file without
 * a poll of its own is ready for everything. */
unsigned poll_file(struct file *file, struct poll_table *table);

/* For the poll of files: goes on wq, or, if table is NULL, does not. Under the
 * lock that guards what wq waits for, or before it is looked at. */
void poll_wait(struct poll_table *table, struct waitq *wq);

/* Sleeps until a file may have become ready; then all are asked again.
 * Returns 0, -ETIMEDOUT (also if all have been asked after the deadline),
 * -EINTR, or -ENOMEM. */
int poll_sleep(struct poll_table *table) MUST_CHECK;

/* Leaves all queues. */
void poll_end(struct poll_table *table);
