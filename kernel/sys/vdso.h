/* The vDSO as programs get it.
 *
 * Owns its page. Thread context. */
#pragma once

#include "lib/compiler.h"

struct space;

/* Makes the page; once, when the clocks run. Panics without
 * memory. */
void vdso_init(void);

/* Maps it at VDSO_BASE. Returns 0 or -ENOMEM. May block. */
int vdso_map(struct space *space) MUST_CHECK;
