/* user/tests/users.c, by glibc. */
#include "tap.h"

#include "../../user/tests/users.c"
