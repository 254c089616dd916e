/* The second half of boot, which may sleep: devices, the root file system,
 * process 1. */
#pragma once

#include "lib/compiler.h"

/* The first thread's entry; it becomes process 1. instret: the boot hart's
 * count of instructions on entry to the kernel, as a pointer. */
void startup(void *instret);
