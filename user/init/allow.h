/* A list of the system calls that a process may make, kept to by the kernel. */
#pragma once

#include "config.h"

/* From now on this process, and all that come of it, can make only the calls of
 * the list, and those that begin and end a program: execve, exit, exit_group
 * and rt_sigreturn. Any other ends the process by SIGSYS, and the kernel logs
 * its name. Nothing takes this back. It needs root's rights or
 * PR_SET_NO_NEW_PRIVS. 0, or -1 with errno. */
int allow_only(const struct config_list *names);
