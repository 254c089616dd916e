/* The formatting behind the printf family. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <sys/cdefs.h>

/* Takes formatted text piece by piece. */
struct format_sink {
    void (*put)(struct format_sink *sink, const char *text, size_t n);
};

/* Formats to sink; conversions as <stdio.h> lists them. Returns the number of
 * bytes put. */
size_t format_text(struct format_sink *sink, const char *format, va_list args)
    PRINTF(2, 0);
