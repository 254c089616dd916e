#include "tap.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool case_failed;
static size_t cases_ended;

void
tap_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    case_failed = true;
    printf("# %s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

int
tap_part(int whole)
{
    const char *part = getenv("PART");
    int n = part ? atoi(part) : 1;

    return n > 1 ? (whole + n - 1) / n : whole;
}

bool
tap_end_case(const char *name)
{
    bool failed = case_failed;

    printf("%sok %zu - %s\n", failed ? "not " : "", ++cases_ended, name);
    /* Forked children must not print this again. */
    fflush(stdout);
    case_failed = false;
    return failed;
}

int
tap_run(const struct tap_case *cases, size_t count)
{
    bool any = false;

    printf("1..%zu\n", count);
    fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        cases[i].run();
        any |= tap_end_case(cases[i].name);
    }
    return any;
}
