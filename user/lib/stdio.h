/* Buffered streams and formatted text.
 *
 * stdout is flushed at each newline if it is a terminal, stderr always, any
 * other stream when its buffer is full, and all of them at exit. */
#pragma once

#include "abi/fcntl.h"
#include <stdarg.h>
#include <stddef.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#define EOF    (-1)
#define BUFSIZ 4096

/* How setvbuf makes a stream flush. */
#define _IOFBF 0 /* when full */
#define _IOLBF 1 /* at newlines */
#define _IONBF 2 /* always */

typedef struct file FILE;

extern FILE *const stdin, *const stdout, *const stderr;

/* mode is "r", "w" or "a", with "+" for both ways, "e" for close-on-exec
 * and "x" for a file that must be new.
 * NULL with errno set on failure. */
FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *f);

/* Gives a file a new name, at once and in place of what had it. -1 with errno
 * set on failure: EXDEV on another file system. Flags are RENAME_*. */
int rename(const char *from, const char *to);
int renameat(int from_dir, const char *from, int to_dir, const char *to);
int renameat2(int from_dir, const char *from, int to_dir, const char *to,
              unsigned int flags);
/* Takes away the name of a file or of an empty directory. */
int remove(const char *path);

int fileno(FILE *f);
/* Only before the first use; the buffer is the stream's own, so buffer and
 * size are ignored. */
int setvbuf(FILE *f, char *buffer, int mode, size_t size);

/* Writes out what is buffered, of all streams if f is NULL; 0 or EOF. */
int fflush(FILE *f);
int fseek(FILE *f, long offset, int whence);
long ftell(FILE *f);
void rewind(FILE *f);
int feof(FILE *f);
int ferror(FILE *f);
void clearerr(FILE *f);

size_t fread(void *to, size_t size, size_t count, FILE *f);
size_t fwrite(const void *from, size_t size, size_t count, FILE *f);
int getc(FILE *f);
int fgetc(FILE *f);
int getchar(void);
/* One byte can be put back after one was read. */
int ungetc(int c, FILE *f);
char *fgets(char *to, int size, FILE *f);
/* Reads up to and with the delimiter into *line, which malloc gave (or NULL)
 * with *size bytes, growing it. The length, or -1 at the end. */
ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *f);
ssize_t getline(char **line, size_t *size, FILE *f);
int putc(int c, FILE *f);
int fputc(int c, FILE *f);
int putchar(int c);
int fputs(const char *s, FILE *f);
int puts(const char *s);
void perror(const char *prefix);

/* Conversions: d i u x X o c s p f %, with flags - 0 + space #, a width and a
 * precision (numbers or *), lengths hh h l ll z t j. %f takes at most 18
 * decimals and prints values from 2^63 on as "big". */
int printf(const char *format, ...) PRINTF(1, 2);
int fprintf(FILE *f, const char *format, ...) PRINTF(2, 3);
int dprintf(int fd, const char *format, ...) PRINTF(2, 3);
int snprintf(char *to, size_t size, const char *format, ...) PRINTF(3, 4);
int sprintf(char *to, const char *format, ...) PRINTF(2, 3);
/* *to comes from malloc, or is NULL on failure (-1). */
int asprintf(char **to, const char *format, ...) PRINTF(2, 3);
int vprintf(const char *format, va_list args) PRINTF(1, 0);
int vfprintf(FILE *f, const char *format, va_list args) PRINTF(2, 0);
int vsnprintf(char *to, size_t size, const char *format, va_list args)
    PRINTF(3, 0);
int vasprintf(char **to, const char *format, va_list args) PRINTF(2, 0);
