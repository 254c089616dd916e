#include "file.h"
#include <stdlib.h>
#include <string.h>

size_t
fread(void *to, size_t size, size_t count, FILE *f)
{
    size_t want = size * count, got = 0;

    if (want == 0 || file_start_reading(f) != 0)
        return 0;
    while (got < want) {
        size_t n = f->end - f->at;
        if (n == 0) {
            if (file_fill(f) != 0)
                break;
            continue;
        }
        if (n > want - got)
            n = want - got;
        memcpy((char *)to + got, f->buffer + f->at, n);
        f->at += n;
        got += n;
    }
    return got / size;
}

int
fgetc(FILE *f)
{
    if (f->writing || f->at == f->end)
        if (file_start_reading(f) != 0 || file_fill(f) != 0)
            return EOF;
    return (unsigned char)f->buffer[f->at++];
}

int
getc(FILE *f)
{
    return fgetc(f);
}

int
getchar(void)
{
    return fgetc(stdin);
}

int
ungetc(int c, FILE *f)
{
    if (c == EOF || f->writing || f->at == 0)
        return EOF;
    f->buffer[--f->at] = (char)c;
    f->at_eof = false;
    return c;
}

char *
fgets(char *to, int size, FILE *f)
{
    int n = 0, c = 0;

    while (n < size - 1 && c != '\n' && (c = fgetc(f)) != EOF)
        to[n++] = (char)c;
    if (n == 0 || (c == EOF && f->failed))
        return NULL;
    to[n] = '\0';
    return to;
}

/* Makes *line at least need bytes long; 0 or -1. */
static int
make_room(char **line, size_t *size, size_t need)
{
    char *bigger;

    if (*line && need <= *size)
        return 0;
    need = need < 128 ? 128 : need * 2;
    bigger = realloc(*line, need);
    if (!bigger)
        return -1;
    *line = bigger;
    *size = need;
    return 0;
}

ssize_t
getdelim(char **line, size_t *size, int delimiter, FILE *f)
{
    size_t used = 0;
    const char *found = NULL;

    if (file_start_reading(f) != 0)
        return -1;
    while (!found && (f->at < f->end || file_fill(f) == 0)) {
        const char *start = f->buffer + f->at;
        size_t n = f->end - f->at;
        found = memchr(start, delimiter, n);
        if (found)
            n = (size_t)(found - start) + 1;
        if (make_room(line, size, used + n + 1) != 0)
            return -1;
        memcpy(*line + used, start, n);
        used += n;
        f->at += n;
    }
    if (used == 0)
        return -1;
    (*line)[used] = '\0';
    return (ssize_t)used;
}

ssize_t
getline(char **line, size_t *size, FILE *f)
{
    return getdelim(line, size, '\n', f);
}
