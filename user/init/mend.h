/* Disks whose header says that damage was met on them. */
#pragma once

#include <stdbool.h>

/* Whether the header of the eclipsefs on a device says so. */
bool mend_is_due(const char *device);

/* Runs fsck on a device that no file system writes to, for which it is due, and
 * waits for it; it says on the console what it mends. Returns NULL, and the
 * device is sound; or why it is not. */
const char *mend(const char *device);

/* Whether a device has been mended and mounted for writing but once since: for
 * a root which is damaged then, once more is no help. */
bool mend_was_in_vain(const char *device);
