/* Locks on whole files that programs agree to respect. */
#pragma once

#include "abi/fcntl.h"

/* Takes or gives up a lock, LOCK_*, that belongs to the open file: copies of
 * fd share it, and the last close ends it. 0, or -1 with errno: EWOULDBLOCK if
 * it is taken and LOCK_NB was given. */
int flock(int fd, int operation);
