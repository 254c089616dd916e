#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <riscv.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct directory {
    int fd;
    size_t at, end;
    char buffer[4096] __attribute__((aligned(8)));
};

DIR *
fdopendir(int fd)
{
    DIR *d = malloc(sizeof(*d));

    if (d) {
        d->fd = fd;
        d->at = d->end = 0;
    }
    return d;
}

DIR *
opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d;

    if (fd < 0)
        return NULL;
    d = fdopendir(fd);
    if (!d)
        close(fd);
    return d;
}

struct dirent *
readdir(DIR *d)
{
    struct dirent *e;

    if (d->at == d->end) {
        long n = errno_result(riscv_syscall3(
            SYS_getdents64, d->fd, (long)d->buffer, sizeof(d->buffer)));
        if (n <= 0)
            return NULL;
        d->at = 0;
        d->end = (size_t)n;
    }
    e = (struct dirent *)(d->buffer + d->at);
    d->at += e->d_reclen;
    return e;
}

void
rewinddir(DIR *d)
{
    lseek(d->fd, 0, SEEK_SET);
    d->at = d->end = 0;
}

int
closedir(DIR *d)
{
    int error = close(d->fd);

    free(d);
    return error;
}

int
dirfd(DIR *d)
{
    return d->fd;
}
