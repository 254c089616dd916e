/* Signal numbers and structures, as Linux riscv64 has them. */
#pragma once

#include <stdint.h>

#define SIGHUP    1
#define SIGINT    2
#define SIGQUIT   3
#define SIGILL    4
#define SIGTRAP   5
#define SIGABRT   6
#define SIGBUS    7
#define SIGFPE    8
#define SIGKILL   9
#define SIGUSR1   10
#define SIGSEGV   11
#define SIGUSR2   12
#define SIGPIPE   13
#define SIGALRM   14
#define SIGTERM   15
#define SIGSTKFLT 16
#define SIGCHLD   17
#define SIGCONT   18
#define SIGSTOP   19
#define SIGTSTP   20
#define SIGTTIN   21
#define SIGTTOU   22
#define SIGURG    23
#define SIGXCPU   24
#define SIGXFSZ   25
#define SIGVTALRM 26
#define SIGPROF   27
#define SIGWINCH  28
#define SIGIO     29
#define SIGPWR    30
#define SIGSYS    31
#define NSIG      64 /* the highest */
#define SIGRTMIN  32 /* the first that queues */

#define SIG_DFL 0
#define SIG_IGN 1

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x00000001ul
#define SA_NOCLDWAIT 0x00000002ul
#define SA_SIGINFO   0x00000004ul
#define SA_ONSTACK   0x08000000ul
#define SA_RESTART   0x10000000ul
#define SA_NODEFER   0x40000000ul
#define SA_RESETHAND 0x80000000ul

/* As rt_sigaction takes it; riscv has no sa_restorer. */
struct sigaction_abi {
    uint64_t handler; /* SIG_DFL, SIG_IGN or an address */
    uint64_t flags;
    uint64_t mask;
};

/* The part of siginfo_t that says anything; the rest is zero. */
struct siginfo {
    int32_t signo, error, code;
    int32_t of_timer; /* padding: what the kernel knows while it is queued */
    union {
        struct {
            int32_t pid;  /* who sent it, or ended; or which timer */
            uint32_t uid; /* whose it is; or how often it ran over */
        };
        uint64_t addr; /* of a fault */
    };
    uint64_t value;       /* what was sent with it; or a child's status */
    int64_t utime, stime; /* a child's, in ticks of 10 ms */
};

#define SIGINFO_SIZE 128 /* of siginfo_t */

/* siginfo.code: sent by whom, */
#define SI_USER   0
#define SI_KERNEL 0x80
#define SI_QUEUE  (-1)
#define SI_TIMER  (-2)
#define SI_TKILL  (-6)
/* or how it is the program's own doing, */
#define ILL_ILLOPC  1
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN  1
#define BUS_ADRERR  2
#define TRAP_BRKPT  1
#define SYS_SECCOMP 1
/* or what happened to a child. */
#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM (1u << 31)
#define MINSIGSTKSZ   2048

/* As sigaltstack takes it. */
struct sigaltstack {
    uint64_t sp;
    uint32_t flags;
    uint32_t pad_;
    uint64_t size;
};
