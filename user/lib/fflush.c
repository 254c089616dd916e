#include "file.h"
#include <unistd.h>

static int
flush(FILE *f)
{
    size_t done = 0, end = f->at;

    if (!f->writing)
        return 0;
    f->at = 0; /* what cannot be written is lost */
    while (done < end) {
        ssize_t n = write(f->fd, f->buffer + done, end - done);
        if (n < 0) {
            f->failed = true;
            return EOF;
        }
        done += (size_t)n;
    }
    return 0;
}

int
fflush(FILE *f)
{
    int error = 0;

    if (f)
        return flush(f);
    for (f = file_list; f; f = f->next)
        error |= flush(f);
    return error;
}

int
fseek(FILE *f, long offset, int whence)
{
    if (fflush(f) != 0)
        return EOF;
    if (whence == SEEK_CUR && !f->writing)
        offset -= (long)(f->end - f->at);
    f->at = f->end = 0;
    f->writing = false;
    f->at_eof = false;
    return lseek(f->fd, offset, whence) < 0 ? EOF : 0;
}

long
ftell(FILE *f)
{
    off_t at = lseek(f->fd, 0, SEEK_CUR);

    if (at < 0)
        return at;
    return f->writing ? at + (long)f->at : at - (long)(f->end - f->at);
}

void
rewind(FILE *f)
{
    fseek(f, 0, SEEK_SET);
    clearerr(f);
}
