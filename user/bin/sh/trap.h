/* Signals to the shell itself, and what the user wants done about them.
 *
 * A handler only notes that a signal came; between two commands the shell sees
 * to it. */
#pragma once

#include <stdbool.h>

/* Makes SIGINT end what an interactive shell runs, not the shell, and SIGCHLD
 * end a sleep. */
void trap_init(void);

/* Does what is due: runs the commands of `trap`, or gives up the running line
 * after an interrupt. $? stays. */
void trap_check(void);

/* A signal that has come and waits for trap_check, or 0. */
int trap_noted(void);

/* Runs the commands for the shell's end, once. */
void trap_exit(void);

/* In a child: signals that have commands do what they do by default again;
 * those that are ignored stay so. */
void trap_forget(void);
