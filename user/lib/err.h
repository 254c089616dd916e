/* Messages of the form "program: text: reason" on standard error.
 *
 * The x forms leave the reason out; err and errx then end the program. */
#pragma once

#include <stdarg.h>
#include <sys/cdefs.h>

NORETURN void err(int status, const char *format, ...) PRINTF(2, 3);
NORETURN void errx(int status, const char *format, ...) PRINTF(2, 3);
void warn(const char *format, ...) PRINTF(1, 2);
void warnx(const char *format, ...) PRINTF(1, 2);
void vwarn(const char *format, va_list args) PRINTF(1, 0);
void vwarnx(const char *format, va_list args) PRINTF(1, 0);
