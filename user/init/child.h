/* From fork to exec: what a service's process is before it is its program. */
#pragma once

#include "config.h"
#include "listen.h"
#include <stdbool.h>
#include <sys/cdefs.h>

struct child {
    const struct config *config;
    char *const *argv;
    bool is_check;                /* it looks after the service's health */
    const struct listen *sockets; /* that it is handed; NULL: none */
    /* -1: it gets none */
    int output;  /* its standard output and error */
    int notify;  /* that it says READY=1 on */
    int failure; /* that it says why it could not run on */
};

/* Runs the program. The rights of the file are taken on step by step; the
 * first step that fails is told through c->failure. */
NORETURN void child_run(const struct child *c);

/* In a child: tells init what failed, and errno with it, and ends. */
NORETURN void child_fail(const char *format, ...) PRINTF(1, 2);
