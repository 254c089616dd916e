/* The auxiliary vector that the kernel passes beside argv and envp. */
#pragma once

#include "abi/auxv.h"

/* Returns the value of tag (AT_*), or 0 with errno ENOENT if there is none. */
unsigned long getauxval(unsigned long tag);
