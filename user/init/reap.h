/* Processes that end: those of services, and all that were left to init. */
#pragma once

/* Takes over SIGCHLD. */
void reap_start(void);
