/* Memory and string functions of the C library that a kernel needs.
 *
 * Owns nothing; any context. The mem* functions work by words wherever both
 * sides allow: the rest of the kernel relies on their speed. Semantics are
 * ISO C's unless said otherwise. */
#pragma once

#include "lib/compiler.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copies src with its terminator into dst of size bytes, cutting it short if
 * need be; dst is always terminated (size > 0).
 * Returns the length of src; >= size means it was cut. */
size_t strlcpy(char *dst, const char *src, size_t size);
