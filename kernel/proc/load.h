/* Load averages: how many threads were running or ready to, over the last one,
 * five and fifteen minutes, each moment weighing e times less than one that
 * much later.
 *
 * Owns them, and a timer that looks every five seconds. Any context. */
#pragma once

#include "lib/compiler.h"

#define LOAD_COUNT 3

/* In hundredths. */
void load_get(unsigned load[LOAD_COUNT]);

/* Starts the timer. Once, when all harts run. */
void load_start(void);
