/* Flags of clone and clone3, and of the scheduler, as Linux has them. */
#pragma once

#include <stdint.h>

#define CSIGNAL              0x000000fful /* of clone: the exit signal */
#define CLONE_VM             0x00000100ul
#define CLONE_FS             0x00000200ul
#define CLONE_FILES          0x00000400ul
#define CLONE_SIGHAND        0x00000800ul
#define CLONE_VFORK          0x00004000ul
#define CLONE_THREAD         0x00010000ul
#define CLONE_SYSVSEM        0x00040000ul
#define CLONE_SETTLS         0x00080000ul
#define CLONE_PARENT_SETTID  0x00100000ul
#define CLONE_CHILD_CLEARTID 0x00200000ul
#define CLONE_DETACHED       0x00400000ul /* means nothing any more */
#define CLONE_CHILD_SETTID   0x01000000ul
#define CLONE_CLEAR_SIGHAND  0x100000000ul /* of clone3 */

/* Policies, and whom setpriority is about. */
#define SCHED_OTHER 0
#define SCHED_BATCH 3
#define SCHED_IDLE  5

#define PRIO_PROCESS 0
#define PRIO_PGRP    1
#define PRIO_USER    2

/* The argument of clone3. */
struct clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
    uint64_t stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

#define CLONE_ARGS_SIZE_VER0 64
