/* Points in time as people write them. */
#pragma once

#include <stdbool.h>
#include <time.h>

/* Reads, in UTC: "now", "@SECONDS" since 1970, "2024-12-31", that with " " or
 * "T" and "23:59" or "23:59:59" behind it; seconds with decimals if need be, a
 * "Z" or " UTC" at the end. False if text is neither. */
bool time_parse(const char *text, struct timespec *to);

/* Reads touch's [[CC]YY]MMDDhhmm[.ss]; without a year, this one is meant. */
bool time_parse_digits(const char *text, struct timespec *to);
