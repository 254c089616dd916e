/* /sys: devices and what is known of them, as text; a table over
 * fs/pseudo.h. It stands above the file systems and the drivers, which do
 * not know each other. */
#pragma once

#include "fs/pseudo.h"

extern struct super sysfs;
