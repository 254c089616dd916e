#include "get.h"

#include "complain.h"
#include "list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE (128u * 1024)

static int
copy_content(struct walk *w, const struct efs_node *node, FILE *out)
{
    static char piece[READ_SIZE];
    uint64_t offset = 0;

    while (offset < efs_node_length(node)) {
        int64_t n = efs_file_read(&w->fs, node, offset, piece, sizeof piece);
        if (n < 0)
            return (int)n;
        if (fwrite(piece, 1, (size_t)n, out) != (size_t)n)
            return -EIO;
        offset += (uint64_t)n;
    }
    return fflush(out) ? -EIO : 0;
}

int
get_to_stdout(struct walk *w, const struct efs_node *node)
{
    return copy_content(w, node, stdout);
}

static bool
restore_times(int fd, const struct efs_node *node)
{
    struct timespec times[2] = {{.tv_sec = (time_t)node->atime},
                                {.tv_sec = (time_t)node->mtime}};
    return futimens(fd, times) == 0;
}

static bool
get_file(struct walk *w, const struct efs_node *node, const char *dest)
{
    int fd = open(dest, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (!out)
        return complain(dest, strerror(errno));
    int err = copy_content(w, node, out);
    bool ok = err == 0 || complain(dest, walk_strerror(err));
    if (ok && (fchmod(fd, node->mode & 0777) || !restore_times(fd, node)))
        ok = complain(dest, strerror(errno));
    if (fclose(out))
        ok = complain(dest, strerror(errno));
    return ok;
}

/* Devices are for root only, pipes for everyone. */
static bool
get_device(const struct efs_node *node, const char *dest)
{
    if (mknod(dest, node->mode, node->rdev) < 0)
        return complain(dest, strerror(errno));
    return true;
}

static bool
get_symlink(struct walk *w, const struct efs_node *node, const char *dest)
{
    char target[WALK_PATH_MAX];

    if (node->data_len >= sizeof target)
        return complain(dest, "the symlink's target is too long");
    int64_t n = efs_file_read(&w->fs, node, 0, target, node->data_len);
    if (n < 0)
        return complain(dest, walk_strerror((int)n));
    target[n] = '\0';
    if (symlink(target, dest))
        return complain(dest, strerror(errno));
    return true;
}

static bool
get_entries(struct walk *w, const struct efs_node *node, const char *dest)
{
    struct list_entries entries;
    int err = list_read(w, node, dest, &entries);
    bool ok = err == 0 || complain(dest, walk_strerror(err));

    for (size_t i = 0; i < entries.count; i++) {
        struct efs_node child;
        char *path;
        if (asprintf(&path, "%s/%s", dest, entries.entry[i].name) < 0)
            abort();
        err = walk_link(w, node, &entries.entry[i].link, &child);
        if (err)
            ok = complain(path, walk_strerror(err));
        else if (!get_tree(w, &child, path))
            ok = false;
        free(path);
    }
    list_free(&entries);
    return ok;
}

static bool
get_directory(struct walk *w, const struct efs_node *node, const char *dest)
{
    if (mkdir(dest, 0700))
        return complain(dest, strerror(errno));
    bool ok = get_entries(w, node, dest);
    int fd = open(dest, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, node->mode & 0777) || !restore_times(fd, node))
        ok = complain(dest, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Recursive: a host path of PATH_MAX bytes ends the descent. */
bool
get_tree(struct walk *w, const struct efs_node *node, const char *dest)
{
    switch (node->type) {
    case ECLIPSEFS_DIRECTORY:
        return get_directory(w, node, dest);
    case ECLIPSEFS_SYMLINK:
        return get_symlink(w, node, dest);
    default:
        return S_ISREG(node->mode) ? get_file(w, node, dest)
                                   : get_device(node, dest);
    }
}
