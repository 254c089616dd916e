#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char in_buffer[BUFSIZ], out_buffer[BUFSIZ];

static struct file files[] = {
    {
        .fd = 0,
        .readable = true,
        .buffer = in_buffer,
        .size = BUFSIZ,
        .next = &files[1],
    },
    {
        .fd = 1,
        .writable = true,
        .mode = UNDECIDED,
        .buffer = out_buffer,
        .size = BUFSIZ,
        .next = &files[2],
    },
    {.fd = 2, .writable = true, .mode = _IONBF},
};

FILE *const stdin = &files[0], *const stdout = &files[1],
            *const stderr = &files[2];
FILE *file_list = &files[0];

/* The open flags that mode asks for. */
static int
open_flags(const char *mode)
{
    int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;

    if (*mode == 'w')
        flags |= O_CREAT | O_TRUNC;
    if (*mode == 'a')
        flags |= O_CREAT | O_APPEND;
    if (strchr(mode, 'x'))
        flags |= O_EXCL;
    if (strchr(mode, 'e'))
        flags |= O_CLOEXEC;
    return flags;
}

FILE *
fdopen(int fd, const char *mode)
{
    FILE *f;
    int access = open_flags(mode) & O_ACCMODE;

    if (!strchr("rwa", *mode)) {
        errno = EINVAL;
        return NULL;
    }
    f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->fd = fd;
    f->mode = UNDECIDED;
    f->readable = access != O_WRONLY;
    f->writable = access != O_RDONLY;
    f->next = file_list;
    file_list = f;
    return f;
}

FILE *
fopen(const char *path, const char *mode)
{
    int fd = open(path, open_flags(mode), (mode_t)0666);
    FILE *f;

    if (fd < 0)
        return NULL;
    f = fdopen(fd, mode);
    if (!f)
        close(fd);
    return f;
}

int
fclose(FILE *f)
{
    int error = fflush(f);
    FILE **link = &file_list;

    if (close(f->fd) != 0)
        error = EOF;
    if (f >= files && f < files + ARRAY_LEN(files)) {
        f->readable = f->writable = false;
        return error;
    }
    while (*link != f)
        link = &(*link)->next;
    *link = f->next;
    free(f->buffer);
    free(f);
    return error;
}

int
setvbuf(FILE *f, char *buffer, int mode, size_t size)
{
    (void)buffer;
    (void)size;
    f->mode = mode;
    return 0;
}

int
fileno(FILE *f)
{
    return f->fd;
}

int
feof(FILE *f)
{
    return f->at_eof;
}

int
ferror(FILE *f)
{
    return f->failed;
}

void
clearerr(FILE *f)
{
    f->at_eof = f->failed = false;
}

/* Gives f a buffer and a flushing mode. */
static int
prepare(FILE *f)
{
    if (f->mode == UNDECIDED)
        f->mode = f->writable && isatty(f->fd) ? _IOLBF : _IOFBF;
    if (f->buffer)
        return 0;
    f->buffer = malloc(BUFSIZ);
    f->size = BUFSIZ;
    if (f->buffer)
        return 0;
    f->failed = true;
    return EOF;
}

int
file_start_writing(FILE *f)
{
    if (!f->writable) {
        errno = EBADF;
        f->failed = true;
        return EOF;
    }
    if (f->writing)
        return 0;
    if (f->at < f->end)
        lseek(f->fd, (off_t)f->at - (off_t)f->end, SEEK_CUR);
    f->at = f->end = 0;
    if (prepare(f) != 0)
        return EOF;
    f->writing = true;
    return 0;
}

int
file_start_reading(FILE *f)
{
    if (!f->readable) {
        errno = EBADF;
        f->failed = true;
        return EOF;
    }
    if (f->writing && fflush(f) != 0)
        return EOF;
    f->writing = false;
    return prepare(f);
}

int
file_fill(FILE *f)
{
    ssize_t n;

    if (f->at_eof)
        return EOF; /* the end stays the end, though a terminal has more */
    /* A question should be seen before its answer is awaited. */
    if (f == stdin && stdout->mode == _IOLBF)
        fflush(stdout);
    do
        n = read(f->fd, f->buffer, f->size);
    while (n < 0 && errno == EINTR);
    f->at = 0;
    f->end = n > 0 ? (size_t)n : 0;
    if (n == 0)
        f->at_eof = true;
    if (n < 0)
        f->failed = true;
    return n > 0 ? 0 : EOF;
}
