/* What was used of the machine, as getrusage, wait4 and times tell it; and
 * what prctl is asked. As Linux has them. */
#pragma once

#include "abi/time.h"

#define RUSAGE_SELF     0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD   1

struct rusage {
    struct timeval ru_utime, ru_stime;
    int64_t ru_maxrss; /* KiB */
    int64_t ru_ixrss, ru_idrss, ru_isrss;
    int64_t ru_minflt, ru_majflt, ru_nswap;
    int64_t ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals;
    int64_t ru_nvcsw, ru_nivcsw;
};

#define CLK_TCK 100 /* ticks a second that user space is told of */

struct tms {
    int64_t tms_utime, tms_stime, tms_cutime, tms_cstime; /* ticks */
};
