/* Waiting for children. */
#pragma once

#include "abi/wait.h"
#include <sys/types.h>

#define WCOREDUMP(s) ((s)&0x80)

struct rusage;

/* The child that was found, 0 with WNOHANG if none has changed, or -1 with
 * errno: ECHILD if there is none to wait for. */
pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);
