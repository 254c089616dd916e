/* Waiting for several files at once. */
#pragma once

#include "abi/poll.h"

typedef unsigned long nfds_t;

/* Waits until a file is ready, for timeout milliseconds, or for ever if it is
 * negative. Returns how many are, or -1 with errno set. */
int poll(struct pollfd *fds, nfds_t count, int timeout);
