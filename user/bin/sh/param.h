/* The values of parameters. */
#pragma once

/* The value of a variable, or of one of ? $ # ! 0 1 2 ..., or NULL if it is
 * not set. It is valid until the next call or change. */
const char *param_get(const char *name);

/* Applies an operator of ${name OP word}, one of % %% # ##, with its expanded
 * pattern: value without the shortest or longest match at its end or start.
 * From malloc. */
char *param_trim(const char *value, const char *op, const char *pattern);
