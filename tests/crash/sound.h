/* What fsck says of a disk, for the crash checker. */
#pragma once

#include "dev/blockdev.h"

/* Whether the image on dev passes fsck; else text says the first finding. */
bool check_is_sound(struct blockdev *dev, char *text, size_t size);
