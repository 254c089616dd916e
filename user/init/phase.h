/* The phases of a boot, for those who watch it and for the chart. */
#pragma once

#include <stdint.h>

enum phase {
    PHASE_FILES,     /* file systems */
    PHASE_ESSENTIAL, /* services that are waited for */
    PHASE_SYSTEM,    /* all others, in parallel */
    PHASE_MONITOR,   /* everything has come up, or has failed to */
    PHASES,
};

struct phase_times {
    const char *name;
    uint64_t began, ended; /* loop_now's; 0: not yet */
};

const struct phase_times *phase_times(enum phase phase);

/* A phase begins. */
void phase_begin(enum phase phase);

/* It has ended; prints how long it took, and what came of it. */
void phase_end(enum phase phase, const char *summary);
