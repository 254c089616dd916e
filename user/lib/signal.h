/* Signals. -1 with errno set on failure. */
#pragma once

#include "abi/signal.h"
#include <sys/types.h>

#undef SIG_DFL
#undef SIG_IGN

typedef void (*sighandler_t)(int);
typedef uint64_t sigset_t;

#define SIG_DFL ((sighandler_t)0)
#define SIG_IGN ((sighandler_t)1)
#define SIG_ERR ((sighandler_t)-1)

/* Laid out as the kernel's struct sigaction_abi. */
struct sigaction {
    sighandler_t sa_handler;
    uint64_t sa_flags;
    sigset_t sa_mask;
};

int kill(pid_t pid, int signal);
int raise(int signal);
int sigaction(int signal, const struct sigaction *action,
              struct sigaction *old);
/* Returns the old disposition, or SIG_ERR. Calls that the handler interrupts
 * are made again. */
sighandler_t signal(int signal, sighandler_t handler);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigsuspend(const sigset_t *set);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int signal);
int sigdelset(sigset_t *set, int signal);
int sigismember(const sigset_t *set, int signal);

/* A sentence about a signal, and its name without SIG ("KILL"), or NULL. */
const char *strsignal(int signal);
const char *signal_name(int signal);
/* The number of a name with or without SIG, or of digits; -1 if neither. */
int signal_number(const char *name);
