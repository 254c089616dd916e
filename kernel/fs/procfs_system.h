/* What /proc says of the system as a whole.
 *
 * Owns nothing. Each puts the text of one file into out, and returns 0 or an
 * error. Thread context, may block. */
#pragma once

#include "fs/procfs.h"

int proc_show_maps(struct text *out); /* of the process out->id */
int proc_show_uptime(struct text *out);
int proc_show_loadavg(struct text *out);
int proc_show_meminfo(struct text *out);
int proc_show_cmdline(struct text *out);
int proc_show_interrupts(struct text *out);
int proc_show_stat(struct text *out);
int proc_show_cpuinfo(struct text *out);
int proc_show_mounts(struct text *out);
int proc_show_diskstats(struct text *out);
int proc_show_partitions(struct text *out);
int proc_show_name(struct text *out);
int proc_show_uuid(struct text *out);
int proc_show_trace(struct text *out); /* events and how often, so far */
