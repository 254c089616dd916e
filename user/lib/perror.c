#include <errno.h>
#include <stdio.h>
#include <string.h>

void
perror(const char *prefix)
{
    fprintf(stderr, "%s: %s\n", prefix, strerror(errno));
}
