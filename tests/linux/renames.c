/* user/tests/renames.c, by glibc. */
#include "tap.h"

#include "../../user/tests/renames.c"
