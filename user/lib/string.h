/* Memory and strings, as ISO C and POSIX have them.
 *
 * memcpy, memmove and memset move words wherever both sides allow. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
char *strpbrk(const char *s, const char *set);
char *strtok_r(char *s, const char *delimiters, char **rest);
char *strsep(char **s, const char *delimiters);
char *strcpy(char *to, const char *from);
char *strcat(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t n);

/* Copies (appends) from into to, which has size bytes, cutting it short if
 * need be. Returns the length of the text it tried to make. */
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size);

/* A copy from malloc, or NULL with errno ENOMEM. */
char *strdup(const char *s);
char *strndup(const char *s, size_t max);

/* The text of an error number; the next call may overwrite it. */
char *strerror(int error);
