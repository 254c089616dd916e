/* What the two halves of the model share, and what the macros of cmocka need
 * before it. */
#pragma once

#include "virtio_model.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define require(condition, ...)    \
    do {                           \
        if (!(condition))          \
            fail_msg(__VA_ARGS__); \
    } while (0)

/* Whether the driver accepted the feature. */
static inline bool
model_has(const struct model *m, uint64_t feature)
{
    return (m->accepted & feature) != 0;
}

/* Takes all chains that are available. */
void model_take(struct model *m, struct model_queue *q);

/* Serves and completes one chain that was taken, or lies about it. */
void model_complete(struct model *m, struct model_queue *q);
