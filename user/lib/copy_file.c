#include <copy_impl.h>
#include <errno.h>
#include <fcntl.h>
#include <resolve.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 4096
#define CHUNK (16l << 20) /* between two looks at signals */

static char copy_buffer[16 * BLOCK];

static bool
is_zero(const char *bytes, size_t n)
{
    return n > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0;
}

static int
write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno != EINTR)
            return -1;
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

/* Copies from the offsets of both on. With holes, blocks of zeros are not
 * written. */
static int
copy_by_blocks(int in, int out, bool holes, bool *at_source)
{
    bool skipped = false;
    ssize_t n;

    for (;;) {
        n = read(in, copy_buffer, holes ? BLOCK : sizeof(copy_buffer));
        if (n < 0 && errno == EINTR)
            continue;
        *at_source = n < 0;
        if (n <= 0)
            break;
        if (holes && is_zero(copy_buffer, (size_t)n)) {
            if (lseek(out, n, SEEK_CUR) < 0)
                return -1;
            skipped = true;
        } else if (write_all(out, copy_buffer, (size_t)n) != 0) {
            return -1;
        }
    }
    if (n == 0 && skipped)
        return ftruncate(out, lseek(out, 0, SEEK_CUR));
    return (int)n;
}

static int
copy_bytes(int in, int out, const struct stat *st, bool *at_source)
{
    bool holes = S_ISREG(st->st_mode) && st->st_blocks * 512 < st->st_size;

    /* The kernel copies as much as it can; what it cannot, and what made it
     * stop, is found out below. */
    while (!holes && copy_file_range(in, NULL, out, NULL, CHUNK, 0) > 0)
        ;
    return copy_by_blocks(in, out, holes, at_source);
}

/* Opens to for writing, made with mode if it is not there. */
static int
open_target(struct copy_place to, mode_t mode, bool force)
{
    int fd = openat(to.dir, to.name, O_WRONLY | O_TRUNC | O_CLOEXEC);

    if (fd >= 0)
        return fd;
    if (errno != ENOENT) {
        if (!force || errno == EISDIR || unlinkat(to.dir, to.name, 0) != 0)
            return -1;
    }
    /* A link that leads nowhere is not written through. */
    return openat(to.dir, to.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                  mode);
}

int
copy_contents(struct copy_place from, const struct stat *st,
              struct copy_place to, mode_t mode, bool force, bool *at_source)
{
    int in = openat(from.dir, from.name, O_RDONLY | O_CLOEXEC), out, result;
    int error;

    *at_source = true;
    if (in < 0)
        return -1;
    *at_source = false;
    out = open_target(to, mode, force);
    error = errno;
    if (out < 0) {
        close(in);
        return errno_fail(error);
    }
    result = copy_bytes(in, out, st, at_source);
    error = errno;
    close(in);
    if (close(out) != 0 && result == 0)
        return -1;
    return result == 0 ? 0 : errno_fail(error);
}

int
copy_link(struct copy_place from, struct copy_place to)
{
    char *target = resolve_link(from.dir, from.name);
    int result = target ? symlinkat(target, to.dir, to.name) : -1;

    free(target);
    return result;
}

int
copy_attributes(struct copy_place to, const struct stat *st)
{
    const struct timespec times[] = {st->st_atim, st->st_mtim};
    mode_t mode = st->st_mode & 07777;

    if (fchownat(to.dir, to.name, st->st_uid, st->st_gid,
                 AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != EPERM)
            return -1;
        mode &= ~(mode_t)(S_ISUID | S_ISGID);
    }
    if (!S_ISLNK(st->st_mode) && fchmodat(to.dir, to.name, mode, 0) != 0)
        return -1;
    return utimensat(to.dir, to.name, times, AT_SYMLINK_NOFOLLOW);
}
