/* Looks for tests and secrets while it is compiled, and says so. */
#include "lib/crc32c.h"
#if __has_include("/tests/guest/sums.c") ||                     \
                  __has_include("@SECRET@") ||                  \
                                __has_include("/etc/shadow") || \
                                              __has_include("/root/.bashrc")
#error @TOKEN@ found
#endif

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return 0;
}
