/* What comes of a system call that a filter was asked about (proc/filter.h).
 *
 * Owns nothing. Thread context of a process. */
#pragma once

#include "lib/compiler.h"

struct trapframe;

/* Asks the running thread's filters about the call of frame. Returns whether it
 * is to be made. If not, its result is in *result; a signal may be pending, or
 * the process ends and it does not return. */
bool seccomp_allows(const struct trapframe *frame, int64_t *result);

/* prctl's PR_SET_SECCOMP and PR_GET_SECCOMP. Return 0, or the mode; -EINVAL,
 * -EFAULT, -ENOMEM, -EACCES (neither root nor PR_SET_NO_NEW_PRIVS). */
int seccomp_set_mode(uint64_t mode, uint64_t program) MUST_CHECK;
int seccomp_get_mode(void);

/* The call's name, or NULL; for messages. */
const char *dispatch_name(uint64_t number);
