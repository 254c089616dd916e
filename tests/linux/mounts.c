/* user/tests/mounts.c, by glibc. */
#include "tap.h"

#include "../../user/tests/mounts.c"
