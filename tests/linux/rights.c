/* user/tests/rights.c, by glibc. */
#include "tap.h"

#include "../../user/tests/rights.c"
