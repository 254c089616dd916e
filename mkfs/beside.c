#include "beside.h"

#include "complain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
beside_open(struct beside *file, const char *path)
{
    struct stat st;
    mode_t mask = umask(0);

    umask(mask);
    *file = (struct beside){.path = path};
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return complain(path, "is not a regular file");
    if (asprintf(&file->name, "%s.XXXXXX", path) < 0)
        abort();
    file->fd = mkstemp(file->name);
    if (file->fd >= 0 && fchmod(file->fd, 0666 & ~mask) == 0)
        return true;
    complain(file->name, strerror(errno));
    if (file->fd >= 0)
        return beside_close(file, false);
    free(file->name);
    return false;
}

bool
beside_close(struct beside *file, bool ok)
{
    if (ok && fsync(file->fd) < 0)
        ok = complain(file->name, strerror(errno));
    close(file->fd);
    if (ok && rename(file->name, file->path) < 0)
        ok = complain(file->path, strerror(errno));
    if (!ok)
        unlink(file->name);
    free(file->name);
    return ok;
}
