#include "lib/crc32c.h"
#include "lib/todo.h"

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    LAB_TODO(90);
}
