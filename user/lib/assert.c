#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void
assert_failed(const char *text, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, text);
    abort();
}
