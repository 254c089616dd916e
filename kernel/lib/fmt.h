/* printf-style formatting into a buffer or a sink.
 *
 * Owns nothing; any context. As ISO C's, so far as the kernel uses it:
 * conversions %d %u %x %c %s %p %%, flags '-', '0', '#', width and precision
 * (numbers or *), lengths l, ll, z. %p prints 0x and 16 digits. An unknown
 * conversion is printed as it stands. */
#pragma once

#include "lib/compiler.h"
#include <stdarg.h>

/* Receives formatted text piece by piece. */
struct fmt_sink {
    void (*put)(struct fmt_sink *sink, const char *text, size_t len);
};

/* Formats to sink. Returns the number of bytes put. */
size_t fmt_vformat(struct fmt_sink *sink, const char *format, va_list args);

/* As ISO C's snprintf: writes at most size - 1 bytes and a terminator (none
 * if size is 0). Returns the length the whole text has. */
int snprintf(char *buf, size_t size, const char *format, ...) PRINTF(3, 4);
int vsnprintf(char *buf, size_t size, const char *format, va_list args)
    PRINTF(3, 0);
