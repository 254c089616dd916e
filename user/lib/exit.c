#include <stdlib.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void (*functions[32])(void);
static size_t nfunctions;

int
atexit(void (*function)(void))
{
    if (nfunctions == ARRAY_LEN(functions))
        return errno_fail(ENOMEM);
    functions[nfunctions++] = function;
    return 0;
}

void
exit(int status)
{
    while (nfunctions > 0)
        functions[--nfunctions]();
    fflush(NULL);
    _exit(status);
}

void
_Exit(int status)
{
    _exit(status);
}

void
abort(void)
{
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    _exit(127);
}
