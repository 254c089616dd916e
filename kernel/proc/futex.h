/* Futexes: sleeping until another thread says that a word of user memory has
 * changed.
 *
 * Owns the queues of waiters, in buckets by the hash of the word, each with a
 * lock. A word is known by its space and address, or, to spaces that share it,
 * by what holds it. Thread context, may block; no spin lock held. */
#pragma once

#include "mm/uaccess.h"

/* A word of user memory, aligned; and whether other spaces may see it. */
struct futex_word {
    uaddr_t at;
    bool shared;
};

/* Sleeps until futex_wake with a bit of bitset, or deadline_ns, if the word is
 * `expected`. Returns 0 when woken, -EAGAIN (it is not), -ETIMEDOUT, -EINTR,
 * -EFAULT. */
int futex_wait(struct futex_word word, uint32_t expected, uint32_t bitset,
               uint64_t deadline_ns) MUST_CHECK;

/* Wakes up to n waiters that wait with a bit of bitset, first come first.
 * Returns how many, or -EFAULT. */
int futex_wake(struct futex_word word, uint32_t n, uint32_t bitset);

/* Wakes up to nwake waiters, and lets up to nmove others wait for word `to`
 * instead; if expected is not NULL, only as long as the word is *expected, else
 * -EAGAIN. Returns how many it found, or -EFAULT. */
int futex_requeue(struct futex_word from, struct futex_word to, uint32_t nwake,
                  uint32_t nmove, const uint32_t *expected) MUST_CHECK;

/* For a thread that leaves, or execs: passes on the locks that it holds, as its
 * robust list has them, and clears and wakes its tid's word. Its memory may be
 * anything. */
void futex_end_thread(void);

/* Once, before process 1. */
void futex_init(void);
