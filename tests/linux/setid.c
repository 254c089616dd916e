/* user/tests/setid.c, by glibc. */
#include "tap.h"

#include "../../user/tests/setid.c"
