#include "fs/pseudo.h"

#include "abi/errno.h"
#include "arch/layout.h"
#include "fs/mount.h"
#include "fs/text.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/spinlock.h"

#define ROOT_INO 1u

struct pseudo_node {
    /* constant after creation */
    struct pseudo_fs *fs;
    struct pseudo_node *parent; /* the root's is itself */
    struct pseudo_content content;
    uint64_t ino;

    /* guarded by fs->lock */
    struct list_node children; /* in the order they were added */
    struct list_node sibling_node;
    struct list_node all_node;

    char name[]; /* constant, terminated */
};

struct pseudo_fs {
    /* constant after creation */
    struct super super;
    const struct pseudo_dynamic *dynamic;
    struct pseudo_node *root;

    struct spinlock lock;
    /* guarded by lock */
    struct list_node all; /* nodes */
    uint64_t next_ino;
};

static struct pseudo_fs *
fs_of(const struct inode *inode)
{
    return inode->super->private;
}

static bool
is_dynamic(const struct inode *inode)
{
    return inode->ino >= PSEUDO_DYNAMIC_INO;
}

static struct pseudo_node *
node_by_ino(struct pseudo_fs *fs, uint64_t ino)
{
    struct pseudo_node *node, *found = NULL;

    spin_lock(&fs->lock);
    list_for_each_entry (node, &fs->all, all_node) {
        if (node->ino == ino) {
            found = node;
            break;
        }
    }
    spin_unlock(&fs->lock);
    return found;
}

/* The child of dir, in fs, that is called name; or NULL. */
static struct pseudo_node *
child_locked(struct pseudo_fs *fs, struct pseudo_node *dir, const char *name,
             size_t len) REQUIRES(fs->lock)
{
    struct pseudo_node *node;

    list_for_each_entry (node, &dir->children, sibling_node) {
        if (strncmp(node->name, name, len) == 0 && node->name[len] == '\0')
            return node;
    }
    return NULL;
}

/* ---- Inodes ---- */

static int
pseudo_lookup(struct inode *dir, const char *name, size_t len,
              struct inode **out)
{
    struct pseudo_fs *fs = fs_of(dir);
    uint64_t ino = 0;

    if (!is_dynamic(dir)) {
        struct pseudo_node *node = node_by_ino(fs, dir->ino);
        spin_lock(&fs->lock);
        struct pseudo_node *child = child_locked(fs, node, name, len);
        spin_unlock(&fs->lock);
        if (child)
            ino = child->ino;
    }
    if (ino == 0 && fs->dynamic && (is_dynamic(dir) || dir->ino == ROOT_INO))
        ino = fs->dynamic->lookup(dir->ino, name, len);
    return ino ? inode_get(dir->super, ino, out) : -ENOENT;
}

/* The child at position pos, or NULL. */
static struct pseudo_node *
child_at(struct pseudo_node *dir, uint64_t pos)
{
    struct pseudo_node *node, *found = NULL;
    uint64_t at = 2;

    spin_lock(&dir->fs->lock);
    list_for_each_entry (node, &dir->children, sibling_node) {
        if (at++ == pos) {
            found = node;
            break;
        }
    }
    spin_unlock(&dir->fs->lock);
    return found;
}

/* Positions of the root's dynamic names follow all that its own can have. */
#define DYNAMIC_POS (1ull << 16)

static int
pseudo_readdir(struct inode *dir, uint64_t *pos, struct dir_sink *sink)
{
    struct pseudo_fs *fs = fs_of(dir);

    if (is_dynamic(dir))
        return fs->dynamic->readdir(dir->ino, 2, pos, sink);

    struct pseudo_node *node = node_by_ino(fs, dir->ino), *child;
    while (*pos < DYNAMIC_POS && (child = child_at(node, *pos))) {
        if (!sink->entry(sink, child->name, strlen(child->name), child->ino,
                         child->content.mode, *pos + 1))
            return 0;
        ++*pos;
    }
    if (dir->ino != ROOT_INO || !fs->dynamic)
        return 0;
    *pos = MAX(*pos, DYNAMIC_POS);
    return fs->dynamic->readdir(dir->ino, DYNAMIC_POS, pos, sink);
}

static int64_t
pseudo_readlink(struct inode *inode, char *buf, size_t size)
{
    const struct pseudo_content *content = inode->private;
    struct text_buf text = {.data = NULL};

    int64_t n = text_generate(&text, content);
    if (n == 0) {
        memcpy(buf, text.data, MIN(text.len, size));
        n = (int64_t)text.len;
    }
    kfree(text.data);
    return n;
}

static const struct inode_ops pseudo_inode_ops = {
    .lookup = pseudo_lookup,
    .readdir = pseudo_readdir,
    .readlink = pseudo_readlink,
};

/* What ino is: for a dynamic inode, in memory of its own. */
static int
find_content(struct pseudo_fs *fs, uint64_t ino, struct pseudo_content **out)
{
    if (ino < PSEUDO_DYNAMIC_INO) {
        struct pseudo_node *node = node_by_ino(fs, ino);
        *out = node ? &node->content : NULL;
        return node ? 0 : -ENOENT;
    }
    *out = kzalloc(sizeof(**out));
    if (!*out)
        return -ENOMEM;
    int err = fs->dynamic->describe(ino, *out);
    if (err)
        kfree(*out);
    return err;
}

static int
pseudo_read_inode(struct inode *inode)
{
    struct pseudo_content *content;
    int err = find_content(fs_of(inode), inode->ino, &content);
    if (err)
        return err;
    inode->private = content;
    inode->ops = &pseudo_inode_ops;
    inode->mode = content->mode;
    inode->nlink = S_ISDIR(content->mode) ? 2 : 1;
    inode->rdev = content->rdev;
    inode->file_ops = content->file_ops;
    if (S_ISREG(content->mode) && !content->file_ops)
        inode->file_ops = &text_file_ops;
    return 0;
}

static void
pseudo_free_inode(struct inode *inode)
{
    if (is_dynamic(inode))
        kfree(inode->private);
}

static const struct super_ops pseudo_super_ops = {
    .read_inode = pseudo_read_inode,
    .free_inode = pseudo_free_inode,
};

const struct pseudo_content *
pseudo_content_of(const struct inode *inode)
{
    return inode->private;
}

/* ---- The tree ---- */

static struct pseudo_node *
node_new(struct pseudo_fs *fs, const char *name,
         const struct pseudo_content *content)
{
    size_t len = strlen(name);
    struct pseudo_node *node = kzalloc(sizeof(*node) + len + 1);
    if (!node)
        return NULL;
    node->fs = fs;
    node->parent = node;
    node->content = *content;
    list_init(&node->children);
    list_init(&node->sibling_node);
    list_init(&node->all_node);
    memcpy(node->name, name, len);
    return node;
}

static void
number_locked(struct pseudo_fs *fs, struct pseudo_node *node) REQUIRES(fs->lock)
{
    node->ino = fs->next_ino++;
    list_push_back(&fs->all, &node->all_node);
}

static const struct pseudo_content directory = {.mode = S_IFDIR | 0555};

struct pseudo_fs *
pseudo_create(const char *type, uint32_t magic,
              const struct pseudo_dynamic *dynamic)
{
    struct pseudo_fs *fs = kzalloc(sizeof(*fs));
    if (!fs)
        return NULL;
    spin_init(&fs->lock, type, RANK_PSEUDO);
    list_init(&fs->all);
    fs->next_ino = ROOT_INO;
    fs->dynamic = dynamic;
    fs->super = (struct super){
        .ops = &pseudo_super_ops,
        .type = type,
        .dev = mount_new_dev(),
        .root_ino = ROOT_INO,
        .magic = magic,
        .volatile_names = true,
        .block_size = PAGE_SIZE,
        .private = fs,
    };
    fs->root = node_new(fs, "", &directory);
    if (!fs->root) {
        kfree(fs);
        return NULL;
    }
    spin_lock(&fs->lock);
    number_locked(fs, fs->root);
    spin_unlock(&fs->lock);
    return fs;
}

struct super *
pseudo_super(struct pseudo_fs *fs)
{
    return &fs->super;
}

struct pseudo_node *
pseudo_root(struct pseudo_fs *fs)
{
    return fs->root;
}

static int
add(struct pseudo_node *dir, const char *name,
    const struct pseudo_content *content, struct pseudo_node **out)
{
    struct pseudo_fs *fs = dir->fs;
    struct pseudo_node *node = node_new(fs, name, content);
    if (!node)
        return -ENOMEM;
    node->parent = dir;

    spin_lock(&fs->lock);
    struct pseudo_node *old = child_locked(fs, dir, name, strlen(name));
    if (!old) {
        number_locked(fs, node);
        list_push_back(&dir->children, &node->sibling_node);
    }
    spin_unlock(&fs->lock);
    if (out)
        *out = old ? old : node;
    if (old)
        kfree(node);
    return old ? -EEXIST : 0;
}

int
pseudo_add(struct pseudo_node *dir, const char *name,
           const struct pseudo_content *content)
{
    return add(dir, name, content, NULL);
}

int
pseudo_add_file(struct pseudo_node *dir, const char *name,
                int (*show)(struct text_buf *out, void *arg), void *arg)
{
    struct pseudo_content content = {S_IFREG | 0444, show, arg, NULL, 0};
    return add(dir, name, &content, NULL);
}

int
pseudo_add_link(struct pseudo_node *dir, const char *name,
                int (*show)(struct text_buf *out, void *arg), void *arg)
{
    struct pseudo_content content = {S_IFLNK | 0777, show, arg, NULL, 0};
    return add(dir, name, &content, NULL);
}

int
pseudo_add_dir(struct pseudo_node *dir, const char *name,
               struct pseudo_node **node)
{
    return add(dir, name, &directory, node);
}
