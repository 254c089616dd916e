/* Filters of system calls: programs that are asked at each call whether it may
 * be made.
 *
 * A program is the classic packet filter's [bpf §3], over struct seccomp_data.
 * It cannot loop: jumps lead forwards only. A filter never changes; it is
 * counted, and keeps those that were there before it, which are asked, too:
 * what one forbids none can allow. Part of a struct cred, it is inherited as
 * that is, and cannot be taken away. Any context. */
#pragma once

#include "abi/seccomp.h"
#include "lib/compiler.h"

struct filter {
    /* atomic */
    uint32_t refs;

    /* constant once it is in use */
    struct filter *before; /* with a reference; or NULL */
    bool is_strict;        /* what it forbids ends a thread by SIGKILL */
    unsigned len, total;   /* instructions: its own, and of all */
    struct sock_filter code[];
};

/* Makes a filter with room for len instructions, which the caller fills in, on
 * top of `before`, to which it takes a reference; or NULL: without memory, or
 * there are too many. */
struct filter *filter_create(struct filter *before, unsigned len);

/* Whether the program is one: it ends whatever it is given, and looks at
 * nothing but that. */
bool filter_is_valid(const struct filter *filter);

/* Asks all of them. Returns the answer of the strictest: SECCOMP_RET_*. */
uint32_t filter_ask(const struct filter *filter,
                    const struct seccomp_data *data);

/* SECCOMP_MODE_* that it is what comes of; NULL: none. */
static inline int
filter_mode(const struct filter *filter)
{
    return !filter             ? SECCOMP_MODE_DISABLED
           : filter->is_strict ? SECCOMP_MODE_STRICT
                               : SECCOMP_MODE_FILTER;
}

/* NULL is allowed. */
struct filter *filter_ref(struct filter *filter);
void filter_put(struct filter *filter);
