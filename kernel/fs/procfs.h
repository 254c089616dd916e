/* /proc: processes and the system's state, as text in Linux's formats; a
 * table over fs/pseudo.h. */
#pragma once

#include "fs/pseudo.h"

/* The rows of files that share a function. */
enum proc_row {
    PROC_ROOT,
    PROC_PID,
    PROC_PID_STAT,
    PROC_PID_STATM,
    PROC_PID_STATUS,
    PROC_PID_LIMITS,
    PROC_PID_COMM,
    PROC_PID_CMDLINE,
    PROC_PID_ENVIRON,
    PROC_PID_CWD,
    PROC_PID_EXE,
    PROC_PID_ROOT,
    PROC_PID_FDS,
    PROC_PID_FD,
    PROC_PID_TASKS,
    PROC_PID_MOUNTINFO,
    PROC_PID_TASK,
    PROC_SYS,
    PROC_KERNEL,
    PROC_RANDOM,
    PROC_HOSTNAME,
    PROC_DOMAINNAME,
    PROC_UUID,
    PROC_BOOT_ID,
    PROC_NET,
};

extern struct super procfs;

/* What puts the text of /proc/net/unix together: of the layer above. */
extern int (*procfs_show_sockets)(struct text *out);
