/* epoll: a list of files to wait for, kept from one wait to the next.
 *
 * A wait asks every file on the list, as poll does. An edge-triggered entry
 * is reported if its queues have counted an event since it last was
 * (waitq_notify). A list does not keep its files: whoever closes the last
 * descriptor of one takes it off. Owns all lists, guarded by one spin lock,
 * which is not held while a file is asked. Thread context, may block. */
#pragma once

#include "lib/compiler.h"

struct epoll_event;
struct file;

/* Makes an empty list. Returns NULL without memory. */
struct file *epoll_create(void);

/* EPOLL_CTL_*: op on the entry of file, known as descriptor fd, on epoll's
 * list. Returns 0; -EINVAL (no list; itself), -EEXIST, -ENOENT, -ENOMEM, -EPERM
 * (a file that is always ready), -ELOOP (lists in lists in lists). */
int epoll_control(struct file *epoll, int op, int fd, struct file *file,
                  const struct epoll_event *event) MUST_CHECK;

/* Waits until the deadline of waitq_sleep_until, or only looks if that is 0,
 * for up to max entries to be ready. Returns how many are in events, 0 at the
 * deadline, -EINVAL, -EINTR, -ENOMEM. */
int epoll_wait(struct file *epoll, struct epoll_event *events, unsigned max,
               uint64_t deadline_ns) MUST_CHECK;

/* The last reference to file has gone. */
void epoll_forget(struct file *file);
