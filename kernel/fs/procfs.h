/* /proc: processes and the system's state, as text in Linux's formats; a
 * table over fs/pseudo.h. */
#pragma once

#include "fs/pseudo.h"

extern struct super procfs;
