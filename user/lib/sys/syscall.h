/* System call numbers, generated from the kernel's own list. */
#pragma once

enum {
#define SYSCALL(number, name, arguments) SYS_##name = (number),
#include "abi/syscalls.def"
#undef SYSCALL
};

/* Makes any system call. Returns its result, or -1 with errno set. */
long syscall(long number, ...);
