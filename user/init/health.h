/* Health checks: a program of the file's choice, run now and then, that ends
 * with 0 if the service does its work. Three failures in a row count as a
 * failure of the service. */
#pragma once

#include "loop.h"
#include <stdbool.h>
#include <sys/types.h>

struct health {
    struct timer timer; /* for the next check, or for the end of this one */
    pid_t pid;          /* of the check, 0: none runs */
    unsigned failures;  /* in a row */
};

/* Begins and ends the checks of the service that h belongs to; it begins only
 * if its file has any. */
void health_begin(struct health *h);
void health_end(struct health *h);

/* A process has ended; false if it was not h's check. */
bool health_ended(struct health *h, pid_t pid, int status);
