/* The names of system calls, from the kernel's own list. */
#pragma once

/* The number of the system call of this name, or -1. */
int syscall_find(const char *name);
