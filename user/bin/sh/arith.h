/* Integer arithmetic, as in $((1 + 2 * x)). */
#pragma once

#include <stdbool.h>

/* Evaluates text, in which dollars are expanded already; names stand for
 * variables, and = assigns. False: not an expression, or division by 0. */
bool arith_evaluate(const char *text, long *result);
