/* Error numbers and the variable that holds the last one. */
#pragma once

#include "abi/errno.h"

#define EWOULDBLOCK EAGAIN
#define ENOTSUP     EOPNOTSUPP

extern int errno;

/* Sets errno. Returns -1, for the caller to return in turn. */
int errno_fail(int error);

/* Turns a raw kernel result into a POSIX one: an error number becomes -1 with
 * errno set, anything else is returned as it is. */
long errno_result(long raw);
