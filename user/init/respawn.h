/* Programs that are started again whenever they end.
 *
 * One that ends within a second of its start is started again after 1, 2,
 * 4, ... up to 32 seconds; one that lives longer, at once. The table of
 * services of the service manager is meant to be built of these. */
#pragma once

#include <sys/types.h>
#include <time.h>

struct respawn {
    const char *path;
    char *const *argv;
    pid_t pid;               /* 0 while it does not run */
    struct timespec started; /* on the monotonic clock */
    unsigned int delay;      /* seconds to wait before the next start */
};

/* Starts it after its delay. */
void respawn_start(struct respawn *r);

/* Process pid has ended with status, as wait gave it: if it is r's, says so
 * and starts r again. */
void respawn_ended(struct respawn *r, pid_t pid, int status);
