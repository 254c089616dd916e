#include "tap.h"
#include <stdarg.h>
#include <stdio.h>

static bool case_failed;

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
tap_run(const struct tap_case *cases, size_t count)
{
    bool any = false;

    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        case_failed = false;
        /* Forked children must not print this again. */
        fflush(stdout);
        cases[i].run();
        printf("%sok %zu - %s\n", case_failed ? "not " : "", i + 1,
               cases[i].name);
        any |= case_failed;
    }
    fflush(stdout);
    return any;
}
