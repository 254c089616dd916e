/* What uname and the first boot line say of this kernel. */
#pragma once

/* Programs look at the release to see what the system call ABI offers; this
 * is the Linux version whose calls ours are a subset of. */
#define VERSION_RELEASE "5.10.0-umbra"
#define VERSION_BUILD   "#1 SMP"
#define VERSION_UMBRA   "0.1"
