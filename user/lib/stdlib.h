/* Memory, numbers, the environment and the end of a program. */
#pragma once

#include <stddef.h>
#include <sys/cdefs.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7fffffff

/* What the program was called as, without its directories. */
extern const char *program_name;

/* Memory aligned to 16 bytes, or NULL with errno ENOMEM. Small blocks come
 * from the heap behind the program (brk), large ones from mmap. */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
/* The same at a multiple of alignment, a power of two. */
void *aligned_alloc(size_t alignment, size_t size);
void free(void *block);

/* Numbers in base 2 to 36, or 0 for what a prefix 0x or 0 says. *end, unless
 * end is NULL, is the first byte not used. Overflow gives the nearest limit
 * and errno ERANGE. */
long strtol(const char *s, char **end, int base);
unsigned long strtoul(const char *s, char **end, int base);
long long strtoll(const char *s, char **end, int base);
unsigned long long strtoull(const char *s, char **end, int base);
int atoi(const char *s);
long atol(const char *s);
int abs(int n);
long labs(long n);

/* Not stable; n log n in the worst case too. */
void qsort(void *base, size_t count, size_t size,
           int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *));

int rand(void);
void srand(unsigned int seed);

/* The value of a variable, or NULL; it belongs to the environment. */
char *getenv(const char *name);
/* 0, or -1 with errno: EINVAL for an empty name or one with '='. */
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);

/* Replace the Xs at the end of template, six or more, so that the name is new,
 * and make a file that only the user can use and open it, a directory, or
 * nothing. -1 or NULL with errno set on failure. */
int mkstemp(char *template);
char *mkdtemp(char *template);
char *mktemp(char *template);

/* The absolute path of a file without links, . and .. in it, in to, which has
 * PATH_MAX bytes, or from malloc if to is NULL. NULL with errno set if it
 * cannot be found. */
char *realpath(const char *path, char *to);

/* Registers a function for exit, the last one first. 0, or -1 when full. */
int atexit(void (*function)(void));
/* Calls atexit's functions, flushes stdio and ends the process. */
NORETURN void exit(int status);
/* Ends the process at once. */
NORETURN void _Exit(int status);
NORETURN void abort(void);

/* Pseudoterminals [posix]: a master with a slave that grantpt and unlockpt let
 * others open by the name that ptsname has. */
int posix_openpt(int flags);
int grantpt(int master);
int unlockpt(int master);
char *ptsname(int master);
