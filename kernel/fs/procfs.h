/* /proc: processes and the system's state, as text in Linux's formats; a
 * table over fs/pseudo.h. */
#pragma once

#include "fs/pseudo.h"

extern struct super procfs;

/* The processes; an id is a pid. */
extern const struct pseudo_kind procfs_pids;

/* The texts of a process. */
int procfs_show_stat(struct text_buf *out, uint64_t pid);
int procfs_show_statm(struct text_buf *out, uint64_t pid);
int procfs_show_status(struct text_buf *out, uint64_t pid);
int procfs_show_comm(struct text_buf *out, uint64_t pid);
int procfs_show_cmdline(struct text_buf *out, uint64_t pid);
int procfs_show_cwd(struct text_buf *out, uint64_t pid);
