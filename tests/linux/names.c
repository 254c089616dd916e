/* user/tests/names.c, by glibc. */
#include "tap.h"

#include "../../user/tests/names.c"
