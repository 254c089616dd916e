/* Making a service's processes.
 *
 * A child that cannot become the program tells why in a pipe that closes when
 * it does become it. */
#pragma once

#include "service.h"

struct spawned {
    pid_t pid;
    int failure_fd; /* to read a struct spawn_failure from, or the end */
    int notify_fd;  /* to read what it says of itself from, or -1 */
};

struct spawn_failure {
    int error;
    char what[64]; /* "user nobody" */
};

/* Starts s's program. 0 or a negative errno; the descriptors do not block and
 * are the caller's. */
int spawn_service(struct service *s, struct spawned *to);

/* Starts the program that looks after s's health, with s's rights; its output
 * goes where that of s goes. Likewise, but there is nothing to read of it. */
int spawn_check(struct service *s, pid_t *pid);

/* Reads what a child said: 1 and *failure if it could not run the program, 0 if
 * it runs, -EAGAIN if that is not known yet. */
int spawn_read_failure(int fd, struct spawn_failure *failure);
