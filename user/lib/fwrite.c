#include "file.h"
#include <string.h>

size_t
fwrite(const void *from, size_t size, size_t count, FILE *f)
{
    size_t want = size * count, done = 0;

    if (want == 0 || file_start_writing(f) != 0)
        return 0;
    while (done < want) {
        size_t n = f->size - f->at;
        if (n > want - done)
            n = want - done;
        memcpy(f->buffer + f->at, (const char *)from + done, n);
        f->at += n;
        done += n;
        if (f->at == f->size && fflush(f) != 0)
            return 0;
    }
    if (f->mode == _IONBF ||
        (f->mode == _IOLBF && memchr(from, '\n', want) != NULL))
        if (fflush(f) != 0)
            return 0;
    return done / size;
}

int
fputc(int c, FILE *f)
{
    char byte = (char)c;

    if (f->writing && f->mode == _IOFBF && f->at < f->size - 1) {
        f->buffer[f->at++] = byte;
        return (unsigned char)c;
    }
    return fwrite(&byte, 1, 1, f) == 1 ? (unsigned char)c : EOF;
}

int
putc(int c, FILE *f)
{
    return fputc(c, f);
}

int
putchar(int c)
{
    return fputc(c, stdout);
}

int
fputs(const char *s, FILE *f)
{
    size_t n = strlen(s);

    return n == 0 || fwrite(s, 1, n, f) == n ? 0 : EOF;
}

int
puts(const char *s)
{
    return fputs(s, stdout) == 0 && fputc('\n', stdout) != EOF ? 0 : EOF;
}
