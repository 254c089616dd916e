#include <errno.h>

int errno;

int
errno_fail(int error)
{
    errno = error;
    return -1;
}

long
errno_result(long raw)
{
    /* The kernel reserves the last 4095 values for errors. */
    if ((unsigned long)raw > -4096ul)
        return errno_fail((int)-raw);
    return raw;
}
