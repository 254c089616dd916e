/* How the system started: bars in time, and the chain of those that everything
 * else waited for. */
#pragma once

#include "svc.h"

enum bar_kind { BAR_PHASE, BAR_SERVICE };

struct bar {
    enum bar_kind kind;
    const char *name;
    uint64_t began, ended; /* ns since power-on */
    const char *failed;    /* NULL: it came up; else what became of it */
    bool late;             /* it came up when all was up */
    bool critical;         /* on the critical path */
    const struct service_info *service; /* of a BAR_SERVICE */
};

struct chart {
    struct bar *bars; /* phases, then services as they began */
    size_t count;
    uint64_t end; /* when everything was up */
};

/* Writes the chart as a picture that stands alone. */
void chart_write_svg(const struct chart *c);

/* A round distance between marks of an axis of this length, so that there are
 * at most so many. */
uint64_t chart_step(uint64_t length, unsigned int most);
