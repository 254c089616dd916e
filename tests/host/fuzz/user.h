/* What Umbra's C library has and the host's may not, for programs on the host:
 * included before all else. */
#pragma once

#define NORETURN            _Noreturn
#define PRINTF(text, first) __attribute__((format(printf, text, first)))
#define ARRAY_LEN(array)    (sizeof(array) / sizeof((array)[0]))

#include <string.h>

static inline size_t
strlcpy(char *to, const char *from, size_t size)
{
    size_t len = strlen(from), n = len < size ? len : size - 1;

    memcpy(to, from, n);
    to[n] = '\0';
    return len;
}
