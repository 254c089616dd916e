// SOURCES: kernel/fs/path.c kernel/fs/dentry.c kernel/fs/context.c
// SOURCES: kernel/fs/inode.c kernel/fs/mount.c kernel/mm/uio.c
// SOURCES: mkfs/host_kernel.c tests/host/fs_shim.c
// LIBS: -Wl,--wrap=cred_current
/* Path walks: any path, from any directory, by root and by a user, leads to
 * where a plain reading of the rules leads, over two file systems with links of
 * all kinds. */
#include "../fs_shim.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "host_kernel.h"

#include "fuzz.h" /* after fcntl.h, which the C library has, too */

#define DIR (S_IFDIR | 0755)
#define REG (S_IFREG | 0644)
#define LNK (S_IFLNK | 0777)

static char name_255[NAME_MAX + 1];

/* Inode numbers are positions in the table, from 1 on. The second file system
 * is mounted on "m". */
static const struct shim_node disk[] = {
    {1, "", DIR, NULL, 0},
    {1, "d", DIR, NULL, 0},
    {1, "f", REG, "content", 0},
    {2, "d", DIR, NULL, 0},
    {4, "f", REG, "leaf", 0},
    {1, "m", DIR, NULL, 0},
    {6, "f", REG, "", 0},
    {1, "l", LNK, "d", 0},
    {1, "k", LNK, "/f", 0},
    {2, "l", LNK, "../d/d/../d", 0},
    {1, "x", LNK, "y", 0},
    {1, "y", LNK, "x", 0},
    {1, "n", LNK, "none", 0},
    {1, "e", LNK, "", 0},
    {1, "s", LNK, "d/", 0},
    {1, "t", LNK, "f/", 0},
    {1, name_255, REG, "", 0},
    {1, "p", S_IFDIR | 0700, NULL, 7},
    {18, "f", REG, "", 0},
    {1, "o", LNK, "m/l/..", 0},
    {2, "r", LNK, "/", 0},
    {2, "u", LNK, "..", 0},
    {1, "q", S_IFDIR | 0644, NULL, 0},
    {23, "f", REG, "", 0},
    {2, "z", LNK, "r/d/u/l/u/d/r/l/d/l", 0},
};
static const struct shim_node other[] = {
    {1, "", DIR, NULL, 0},       {1, "d", DIR, NULL, 0},
    {2, "f", REG, "", 0},        {1, "l", LNK, "d", 0},
    {2, "u", LNK, "../../f", 0}, {1, "r", LNK, "/m/./d", 0},
};
#define MOUNTED_ON 6u

struct place {
    unsigned fs; /* 0: disk, 1: other */
    unsigned ino;
};

static const struct shim_node *const tables[] = {disk, other};
static const unsigned lengths[] = {ARRAY_LEN(disk), ARRAY_LEN(other)};
static struct super supers[2];
static struct fs_context *context;
static struct cred user;

const struct cred *__wrap_cred_current(void);

const struct cred *
__wrap_cred_current(void)
{
    return &user;
}

/* ---- The rules, read plainly ---- */

static const struct shim_node *
node_of(struct place at)
{
    return &tables[at.fs][at.ino - 1];
}

static bool
may_search(struct place at)
{
    const struct shim_node *node = node_of(at);

    return user.uid.fs == 0 ||
           (node->mode & (user.uid.fs == node->uid ? 0100 : 0001));
}

static struct place
parent_of(struct place at)
{
    if (at.fs == 1 && at.ino == 1)
        at = (struct place){0, MOUNTED_ON};
    return (struct place){at.fs, node_of(at)->parent};
}

static int
step(struct place *at, const char *name, size_t len)
{
    for (unsigned i = 1; i < lengths[at->fs]; i++) {
        const struct shim_node *node = &tables[at->fs][i];
        if (node->parent != at->ino || strlen(node->name) != len ||
            memcmp(node->name, name, len) != 0)
            continue;
        *at = (struct place){at->fs, i + 1};
        if (at->fs == 0 && at->ino == MOUNTED_ON)
            *at = (struct place){1, 1};
        return 0;
    }
    return -ENOENT;
}

static int
walk(struct place *at, const char *path, unsigned flags, unsigned *links)
{
    if (!*path)
        return -ENOENT;
    if (*path == '/')
        *at = (struct place){0, 1};
    for (;;) {
        path += strspn(path, "/");
        size_t len = strcspn(path, "/");
        bool last = path[len + strspn(path + len, "/")] == '\0';
        bool slash = path[len] == '/';
        struct place before = *at;
        if (len == 0)
            return 0;
        if (!S_ISDIR(node_of(*at)->mode))
            return -ENOTDIR;
        if (!may_search(*at))
            return -EACCES;
        if (len > NAME_MAX)
            return -ENAMETOOLONG;
        int err = 0;
        if (len == 2 && memcmp(path, "..", 2) == 0)
            *at = parent_of(*at);
        else if (len != 1 || *path != '.')
            err = step(at, path, len);
        if (err)
            return err;
        if (S_ISLNK(node_of(*at)->mode) &&
            (!last || slash || (flags & PATH_FOLLOW))) {
            const char *target = node_of(*at)->text;
            if (++*links > PATH_LINKS_MAX)
                return -ELOOP;
            *at = before;
            err = walk(at, target, PATH_FOLLOW, links);
            if (err)
                return err;
        }
        if ((slash || (last && (flags & PATH_DIRECTORY))) &&
            !S_ISDIR(node_of(*at)->mode))
            return -ENOTDIR;
        if (last)
            return 0;
        path += len;
    }
}

/* ---- The kernel ---- */

static unsigned
fs_of(const struct dentry *d)
{
    return d->super == &supers[1];
}

static void
check_path(struct dentry *base, const char *path, unsigned flags)
{
    struct place at = {fs_of(base), (unsigned)base->inode->ino};
    struct dentry *d;
    unsigned links = 0;

    int err = path_lookup(context, base, path, flags, &d);
    int want = walk(&at, path, flags, &links);
    if (err != want)
        fprintf(stderr, "\"%s\", flags %u: %d, not %d\n", path, flags, err,
                want);
    FUZZ_CHECK(err == want);
    if (err)
        return;
    FUZZ_CHECK(d->inode->ino == at.ino && fs_of(d) == at.fs);
    dentry_put(d);
}

/* The parent and the last name lead to the same. */
static void
check_parent(struct dentry *base, const char *path, unsigned flags)
{
    struct path_name name = {.dir = NULL};
    struct dentry *whole, *d = NULL;

    int err = path_lookup_parent(context, base, path, flags, &name);
    FUZZ_CHECK((err == 0) == (name.dir != NULL));
    if (err)
        return;
    FUZZ_CHECK(S_ISDIR(name.dir->inode->mode));
    if (name.kind == LAST_NAME) {
        FUZZ_CHECK(name.len > 0 && name.len <= NAME_MAX);
        err = dentry_lookup(name.dir, name.name, name.len, &d);
        FUZZ_CHECK(err == 0);
        d = dentry_enter_mounts(d);
        err = path_lookup(context, base, path, flags & ~(unsigned)PATH_FOLLOW,
                          &whole);
        if (err == 0 && !name.slash && !(flags & PATH_FOLLOW))
            FUZZ_CHECK(whole->inode == d->inode);
        if (err == 0)
            dentry_put(whole);
        dentry_put(d);
    }
    path_name_end(&name);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct dentry *at;

    host_kernel_quiet = true;
    memset(name_255, 'a', NAME_MAX);
    inode_init_cache();
    dentry_init_cache(16);
    shim_super_init(&supers[0], disk, ARRAY_LEN(disk));
    shim_super_init(&supers[1], other, ARRAY_LEN(other));
    FUZZ_CHECK(mount_add(NULL, &supers[0]) == 0);
    context = fs_context_create(mount_get_root());
    FUZZ_CHECK(context);
    FUZZ_CHECK(path_lookup(context, NULL, "/m", 0, &at) == 0);
    FUZZ_CHECK(mount_add(at, &supers[1]) == 0);
    dentry_put(at);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const bases[] = {"/", "/d", "/d/d", "/m/d"};
    struct fuzz_input in = {data, size};
    unsigned start = fuzz_choose(&in, 4), flags = fuzz_choose(&in, 4);
    struct dentry *base;

    user.uid.fs = 0;
    FUZZ_CHECK(path_lookup(context, NULL, bases[start], 0, &base) == 0);
    user.uid.fs = fuzz_choose(&in, 2) ? 1000 : 0;
    size_t n = MIN(in.left, PATH_MAX - 1u);
    char *path = (char *)fuzz_copy(&in, n + 1);
    check_path(base, path, flags);
    check_parent(base, path, flags);
    free(path);
    dentry_put(base);
    return 0;
}
