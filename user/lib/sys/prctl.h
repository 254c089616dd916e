/* What a process says about itself. */
#pragma once

#include "abi/prctl.h"

/* Returns what the option is about, or 0; -1 with errno set. */
int prctl(int option, ...);
