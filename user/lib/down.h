/* Ending the machine's run in good order: for poweroff and reboot. */
#pragma once

#include <signal.h>

/* The signals by which init is asked. */
#define DOWN_POWER_OFF SIGUSR2
#define DOWN_REBOOT    SIGINT

/* main() of a program: asks init by a signal and waits for the end; with -f,
 * or if the first process is no init, tells the kernel (RB_*) itself. Returns
 * only on failure, with the exit status. */
int down_main(int argc, char **argv, const char *usage, int signal,
              unsigned int command);
