/* What the system is called. */
#pragma once

#include "abi/utsname.h"

int uname(struct utsname *to);
