/* user/tests/content.c, by glibc. */
#include "tap.h"

#include "../../user/tests/content.c"
