#include "walk.h"

#include "abi/errno.h"
#include "fs/eclipsefs/change.h"
#include "lib/bits.h"

#include <string.h>

/* A path on its way. */
struct journey {
    struct efs_node at;
    char path[WALK_PATH_MAX];
    const char *next; /* what is left of path */
    unsigned links;
    bool follow;
};

int
walk_open(struct walk *w, struct blockdev *dev, bool writable, const char **why)
{
    int err = efs_open(&w->fs, dev, why);
    if (err)
        return err;
    if (writable && !w->fs.extended) {
        *why = "a plain image cannot be changed";
        return -EROFS;
    }
    if (w->fs.extended)
        err = efs_start(&w->fs, !writable, why);
    if (err)
        return err;
    err = efs_parents_init(&w->parents, w->fs.inode_count);
    if (err) {
        *why = "no memory";
        if (w->fs.extended)
            (void)efs_stop(&w->fs);
    }
    return err;
}

int
walk_close(struct walk *w)
{
    efs_parents_destroy(&w->parents);
    return w->fs.extended ? efs_stop(&w->fs) : 0;
}

int
walk_link(struct walk *w, const struct efs_node *dir,
          const struct efs_link *link, struct efs_node *node)
{
    int err = efs_dir_check_link(&w->fs, dir, link);
    if (!err)
        err = efs_node_read(&w->fs, link->ino, node);
    if (err || node->type != ECLIPSEFS_DIRECTORY)
        return err;
    err = efs_parents_claim(&w->parents, dir->ino, link);
    if (err == -EUCLEAN)
        efs_damaged(&w->fs, dir->ino, dir->data + link->pos,
                    "another entry leads to this directory too");
    return err;
}

/* Puts the symlink's target before what is left of the path. */
static int
follow_link(struct walk *w, struct journey *j, const struct efs_node *link)
{
    char path[WALK_PATH_MAX];
    size_t left = strlen(j->next);

    if (++j->links > WALK_LINKS_MAX)
        return -ELOOP;
    if (link->data_len == 0)
        return -ENOENT;
    if (link->data_len + left + 1 > sizeof path)
        return -ENAMETOOLONG;
    int64_t n = efs_file_read(&w->fs, link, 0, path, link->data_len);
    if (n < 0)
        return (int)n;
    if ((size_t)n != link->data_len)
        return -EIO;
    memcpy(path + n, j->next, left + 1);
    memcpy(j->path, path, (size_t)n + left + 1);
    j->next = j->path;
    if (path[0] == '/')
        return efs_node_read(&w->fs, ECLIPSEFS_ROOT_INO, &j->at);
    return 0;
}

/* Goes on by one name, len bytes at name, which next is past already. */
static int
step(struct walk *w, struct journey *j, const char *name, size_t len)
{
    struct efs_link link;
    struct efs_node child;

    if (len == 1 && name[0] == '.')
        return 0;
    if (len == 2 && name[0] == '.' && name[1] == '.')
        return efs_node_read(&w->fs, efs_parents_get(&w->parents, j->at.ino),
                             &j->at);
    if (len > ECLIPSEFS_NAME_MAX)
        return -ENAMETOOLONG;
    int err = efs_dir_lookup(&w->fs, &j->at, name, len, &link);
    if (err)
        return err;
    err = walk_link(w, &j->at, &link, &child);
    if (err)
        return err;
    if (child.type == ECLIPSEFS_SYMLINK && (j->follow || j->next[0] == '/'))
        return follow_link(w, j, &child);
    j->at = child;
    return 0;
}

int
walk_path(struct walk *w, const char *path, bool follow, struct efs_node *node)
{
    struct journey j = {.follow = follow, .next = j.path};

    if (strlen(path) >= sizeof j.path)
        return -ENAMETOOLONG;
    memcpy(j.path, path, strlen(path) + 1);
    int err = efs_node_read(&w->fs, ECLIPSEFS_ROOT_INO, &j.at);
    while (!err && j.next[0] != '\0') {
        if (j.at.type != ECLIPSEFS_DIRECTORY)
            return -ENOTDIR;
        const char *name = j.next + strspn(j.next, "/");
        size_t len = strcspn(name, "/");
        j.next = name + len;
        if (len > 0)
            err = step(w, &j, name, len);
    }
    *node = j.at;
    return err;
}

bool
walk_is_free(struct walk *w, uint32_t ino)
{
    struct eclipsefs_slot slot;
    uint64_t at = w->fs.table + (uint64_t)(ino - 1) * sizeof slot;

    if (!w->fs.extended)
        return false;
    return efs_read(&w->fs, at, &slot, sizeof slot) == 0 &&
           le64_load(&slot) == 0;
}

const char *
walk_strerror(int err)
{
    switch (err) {
    case -ENOENT:
        return "no such file or directory";
    case -EIO:
        return "the image cannot be read";
    case -ENOMEM:
        return "out of memory";
    case -ENOTDIR:
        return "not a directory";
    case -EISDIR:
        return "is a directory";
    case -EINVAL:
        return "invalid argument";
    case -ENAMETOOLONG:
        return "name too long";
    case -ELOOP:
        return "too many symbolic links";
    case -EUCLEAN:
        return "the image is damaged here";
    case -EOPNOTSUPP:
        return "not supported";
    case -ENOSPC:
        return "the image is full";
    case -ENOTEMPTY:
        return "directory not empty";
    case -EFBIG:
        return "file too large";
    case -EROFS:
        return "the image cannot be changed";
    case -EACCES:
        return "permission denied";
    default:
        return "unexpected error";
    }
}
