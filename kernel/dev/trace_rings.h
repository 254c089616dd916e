/* Memory for what is traced: nothing, until somebody wants to trace.
 *
 * Owns nothing; any context once there are frames. */
#pragma once

#include "lib/compiler.h"

/* Sees to it that every hart has its ring (trace/ring.h). Returns 0 or
 * -ENOMEM. */
int trace_rings_need(void) MUST_CHECK;
