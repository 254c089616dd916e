#include "phase.h"
#include "log.h"
#include "loop.h"

static struct phase_times times_of[PHASES] = {
    [PHASE_FILES] = {.name = "file systems"},
    [PHASE_ESSENTIAL] = {.name = "essential"},
    [PHASE_SYSTEM] = {.name = "system"},
    [PHASE_MONITOR] = {.name = "monitoring"},
};

const struct phase_times *
phase_times(enum phase phase)
{
    return &times_of[phase];
}

void
phase_begin(enum phase phase)
{
    times_of[phase].began = loop_now();
}

void
phase_end(enum phase phase, const char *summary)
{
    struct phase_times *p = &times_of[phase];

    p->ended = loop_now();
    log_boot("phase %d: %s, %lu ms: %s", phase + 1, p->name,
             (p->ended - p->began) / 1000000, summary);
}
