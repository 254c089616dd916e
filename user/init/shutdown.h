/* The end: services stopped, disks clean, power off. */
#pragma once

#include <stdbool.h>
#include <sys/cdefs.h>

enum shutdown_kind {
    SHUTDOWN_POWER_OFF,
    SHUTDOWN_REBOOT,
};

/* Begins to shut down; once is enough, and nothing takes it back. why is for
 * the log. */
void shutdown_begin(enum shutdown_kind kind, const char *why);

bool shutdown_has_begun(void);

/* Restarts the machine while no service has been started yet. */
NORETURN void shutdown_start_anew(void);

/* Once it has begun and all services are down: ends what is left, and with it
 * the run of the machine. It may block. */
void shutdown_turn(void);
