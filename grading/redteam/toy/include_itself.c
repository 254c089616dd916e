/* Includes itself without end. */
#include "lib/crc32c.h"
#include __FILE__
