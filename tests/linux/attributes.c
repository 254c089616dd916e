/* user/tests/attributes.c, by glibc. */
#include "tap.h"

#include "../../user/tests/attributes.c"
