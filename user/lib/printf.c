#include "file.h"
#include "format.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file_sink {
    struct format_sink sink;
    FILE *file;
};

struct buffer_sink {
    struct format_sink sink;
    char *to;
    size_t room; /* without the terminator */
};

static void
put_file(struct format_sink *sink, const char *text, size_t n)
{
    fwrite(text, 1, n, ((struct file_sink *)sink)->file);
}

static void
put_buffer(struct format_sink *sink, const char *text, size_t n)
{
    struct buffer_sink *b = (struct buffer_sink *)sink;

    if (n > b->room)
        n = b->room;
    memcpy(b->to, text, n);
    b->to += n;
    b->room -= n;
}

int
vfprintf(FILE *f, const char *format, va_list args)
{
    struct file_sink sink = {{put_file}, f};
    int mode = f->mode, n;

    /* An unbuffered stream still gets its line in one write, so that lines
     * of several processes do not mix. */
    if (mode == _IONBF)
        f->mode = _IOFBF;
    n = (int)format_text(&sink.sink, format, args);
    if (mode == _IONBF) {
        fflush(f);
        f->mode = mode;
    }
    return f->failed ? -1 : n;
}

int
vprintf(const char *format, va_list args)
{
    return vfprintf(stdout, format, args);
}

int
vsnprintf(char *to, size_t size, const char *format, va_list args)
{
    struct buffer_sink sink = {{put_buffer}, to, size > 0 ? size - 1 : 0};
    size_t n = format_text(&sink.sink, format, args);

    if (size > 0)
        *sink.to = '\0';
    return (int)n;
}

int
vasprintf(char **to, const char *format, va_list args)
{
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *to = malloc((size_t)n + 1);
    return *to ? vsnprintf(*to, (size_t)n + 1, format, args) : -1;
}

int
printf(const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vfprintf(stdout, format, args);
    va_end(args);
    return n;
}

int
fprintf(FILE *f, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vfprintf(f, format, args);
    va_end(args);
    return n;
}

int
snprintf(char *to, size_t size, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(to, size, format, args);
    va_end(args);
    return n;
}

int
sprintf(char *to, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(to, (size_t)-1 >> 1, format, args);
    va_end(args);
    return n;
}

int
asprintf(char **to, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vasprintf(to, format, args);
    va_end(args);
    return n;
}

int
dprintf(int fd, const char *format, ...)
{
    va_list args;
    char *text;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n >= 0)
        n = (int)write(fd, text, (size_t)n);
    free(text);
    return n;
}
