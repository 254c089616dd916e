// WRAP: kmalloc kfree dentry_lookup dentry_ref dentry_parent dentry_put
// WRAP: fs_context_get_cwd cred_current
/* Two trees that are made up, the second mounted in the first, and paths that
 * are resolved in them. All that path.c takes and gives back is counted.
 * tests/_tree.py describes the trees and reads the answers. */
#include "abi/errno.h"
#include "fs/fs.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "grade.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define NODES_MAX 200u
#define LARGE     PATH_MAX /* an allocation that has room for a target */

struct node {
    uint32_t parent, mode, uid;
    const char *name, *target;
};

struct tree {
    struct super super;
    struct node nodes[NODES_MAX]; /* by their inode, from 1 on */
    uint32_t count;
    struct dentry *root;
};

/* ---- A file system that is a table ---- */

static const struct node *
node_of(const struct inode *inode)
{
    return &((const struct tree *)inode->super->private)->nodes[inode->ino - 1];
}

static int
lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
    const struct tree *tree = dir->super->private;
    if (!S_ISDIR(dir->mode))
        panic("grade: a name is looked up in what is no directory");
    if (len == 0 || len > NAME_MAX || memchr(name, '/', len) ||
        (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))))
        panic("grade: a file system is asked for a name that none can have");
    for (uint32_t i = 1; i < tree->count; i++) {
        const struct node *node = &tree->nodes[i];
        if (node->parent == dir->ino && strlen(node->name) == len &&
            memcmp(node->name, name, len) == 0)
            return inode_get(dir->super, i + 1, out);
    }
    return -ENOENT;
}

static int64_t
readlink(struct inode *inode, char *buf, size_t size)
{
    const char *target = node_of(inode)->target;
    size_t len = strlen(target);
    memcpy(buf, target, MIN(len, size));
    return (int64_t)len;
}

/* Leads to the root of the tree, whatever it reads. */
static struct dentry *magic_root;

static int
get_link(const struct inode *inode, struct dentry **out)
{
    if (strcmp(node_of(inode)->target, "@root") == 0)
        *out = dentry_ref(magic_root);
    return 0;
}

static int
read_inode(struct inode *inode)
{
    static const struct inode_ops ops = {.lookup = lookup,
                                         .readlink = readlink};
    static const struct inode_ops magic = {
        .lookup = lookup, .readlink = readlink, .get_link = get_link};
    const struct node *node = node_of(inode);
    inode->ops = node->target[0] == '@' ? &magic : &ops;
    inode->mode = node->mode;
    inode->uid = node->uid;
    inode->nlink = 1;
    return 0;
}

static void
free_inode(struct inode *inode UNUSED)
{
}

/* Never freed: what is in the caches of names and inodes is its. */
static struct tree *
new_tree(struct grade *g, uint64_t dev)
{
    struct tree *tree = kzalloc(sizeof(*tree));
    static const struct super_ops ops = {.read_inode = read_inode,
                                         .free_inode = free_inode};
    if (tree == NULL)
        panic("grade: no memory for a tree");
    tree->count = grade_u32(g);
    if (tree->count > NODES_MAX)
        panic("grade: too many nodes");
    for (uint32_t i = 0; i < tree->count; i++) {
        struct node *node = &tree->nodes[i];
        node->parent = grade_u32(g);
        node->mode = grade_u32(g);
        node->uid = grade_u32(g);
        node->name = grade_string(g);
        node->target = grade_string(g);
    }
    tree->super = (struct super){.ops = &ops,
                                 .type = "table",
                                 .dev = dev,
                                 .root_ino = 1,
                                 .read_only = true,
                                 .block_size = 4096,
                                 .private = tree};
    if (mount_prepare(&tree->super, &tree->root))
        panic("grade: no memory for a root");
    return tree;
}

/* ---- What is taken and given back ---- */

static bool counting;
static int64_t references, memory;

void *__real_kmalloc(size_t size);
void __real_kfree(void *p);
int __real_dentry_lookup(struct dentry *dir, const char *name, size_t len,
                         struct dentry **out);
struct dentry *__real_dentry_ref(struct dentry *d);
struct dentry *__real_dentry_parent(struct dentry *dir,
                                    const struct dentry *top);
void __real_dentry_put(struct dentry *d);
struct dentry *__real_fs_context_get_cwd(struct fs_context *ctx);
void *__wrap_kmalloc(size_t size);
void __wrap_kfree(void *p);
int __wrap_dentry_lookup(struct dentry *dir, const char *name, size_t len,
                         struct dentry **out);
struct dentry *__wrap_dentry_ref(struct dentry *d);
struct dentry *__wrap_dentry_parent(struct dentry *dir,
                                    const struct dentry *top);
void __wrap_dentry_put(struct dentry *d);
struct dentry *__wrap_fs_context_get_cwd(struct fs_context *ctx);

/* Whose links: only those that path.c could have asked for are large. */
static const void *links[64];

void *
__wrap_kmalloc(size_t size)
{
    void *p = __real_kmalloc(size);
    for (unsigned i = 0; counting && size >= LARGE && i < ARRAY_LEN(links); i++)
        if (links[i] == NULL) {
            links[i] = p;
            memory++;
            break;
        }
    return p;
}

void
__wrap_kfree(void *p)
{
    for (unsigned i = 0; p != NULL && i < ARRAY_LEN(links); i++)
        if (links[i] == p) {
            links[i] = NULL;
            memory--;
        }
    __real_kfree(p);
}

int
__wrap_dentry_lookup(struct dentry *dir, const char *name, size_t len,
                     struct dentry **out)
{
    int err = __real_dentry_lookup(dir, name, len, out);
    references += counting && err == 0;
    return err;
}

struct dentry *
__wrap_dentry_ref(struct dentry *d)
{
    references += counting;
    return __real_dentry_ref(d);
}

struct dentry *
__wrap_dentry_parent(struct dentry *dir, const struct dentry *top)
{
    references += counting;
    return __real_dentry_parent(dir, top);
}

void
__wrap_dentry_put(struct dentry *d)
{
    references -= counting;
    __real_dentry_put(d);
}

struct dentry *
__wrap_fs_context_get_cwd(struct fs_context *ctx)
{
    references += counting;
    return __real_fs_context_get_cwd(ctx);
}

static void
count(bool on)
{
    if (on) {
        memset(links, 0, sizeof(links));
        references = memory = 0;
    }
    counting = on;
}

/* ---- Questions ---- */

static struct tree *trees[2];
static struct fs_context *ctx;

/* 1000 times the tree, and the inode. */
static uint32_t
identify(const struct dentry *d)
{
    return (uint32_t)(d->super == &trees[1]->super) * 1000 +
           (uint32_t)d->inode->ino;
}

/* Where somebody is who follows names without links: made by dentry_lookup
 * alone, with a reference. */
static struct dentry *
place(uint32_t ino, struct tree *tree)
{
    if (ino == 1)
        return dentry_ref(tree->root);
    const struct node *node = &tree->nodes[ino - 1];
    struct dentry *parent = place(node->parent, tree), *d;
    int err = dentry_lookup(parent, node->name, strlen(node->name), &d);
    if (err || d->inode == NULL)
        panic("grade: no node %u", ino);
    dentry_put(parent);
    return d;
}

static struct dentry *
place_of(uint32_t id)
{
    return place(id % 1000, trees[id / 1000]);
}

/* p: base (0: none), flags, path */
static void
op_lookup(struct grade *g)
{
    uint32_t base_id = grade_u32(g), flags = grade_u32(g);
    const char *path = grade_string(g);
    struct dentry *found = NULL, *base = base_id ? place_of(base_id) : NULL;
    count(true);
    int err = path_lookup(ctx, base, path, flags, &found);
    count(false);
    grade_put_u32(g, (uint32_t)err);
    grade_put_u32(g, err || found == NULL ? 0 : identify(found));
    grade_put_u64(g, (uint64_t)(references - (err == 0 && found != NULL)));
    grade_put_u64(g, (uint64_t)memory);
    if (err == 0 && found != NULL)
        dentry_put(found);
    if (base)
        dentry_put(base);
}

/* P: base (0: none), flags, path */
static void
op_parent(struct grade *g)
{
    static struct path_name name;
    uint32_t base_id = grade_u32(g), flags = grade_u32(g);
    const char *path = grade_string(g);
    struct dentry *base = base_id ? place_of(base_id) : NULL;
    memset(&name, 0, sizeof(name));
    count(true);
    int err = path_lookup_parent(ctx, base, path, flags, &name);
    count(false);
    grade_put_u32(g, (uint32_t)err);
    grade_put_u32(g, err || name.dir == NULL ? 0 : identify(name.dir));
    grade_put_u32(g, name.kind);
    grade_put_u8(g, name.slash);
    grade_put_bytes(g, name.name, MIN(name.len, (size_t)NAME_MAX));
    grade_put_u64(g, (uint64_t)(references - (name.dir != NULL)));
    grade_put_u64(g, (uint64_t)memory);
    path_name_end(&name);
    if (base)
        dentry_put(base);
}

/* w: the new working directory */
static void
op_cwd(struct grade *g)
{
    fs_context_set_cwd(ctx, place_of(grade_u32(g)));
}

/* R: a root for the process, that stays in the first tree */
static void
op_root(struct grade *g)
{
    struct dentry *old = ctx->root;
    ctx->root = place_of(grade_u32(g));
    dentry_put(old);
}

static struct cred user = {.refs = 1};
const struct cred *__wrap_cred_current(void);

const struct cred *
__wrap_cred_current(void)
{
    return &user;
}

/* U: on whose behalf */
static void
op_user(struct grade *g)
{
    user.uid.fs = user.uid.effective = grade_u32(g);
}

static void
mount_second(uint32_t ino)
{
    struct dentry *at = place(ino, trees[0]);
    sleeplock_guard(&mount_lock);
    if (dentry_mount(at, trees[1]->root))
        panic("grade: the second tree cannot be mounted");
}

/* Two trees, where the second is mounted (0: nowhere); then the operations. */
static void
script(struct grade *g)
{
    for (unsigned i = 0; i < 2; i++)
        trees[i] = new_tree(g, i + 1000);
    user.uid.fs = user.uid.effective = 0;
    uint32_t at = grade_u32(g);
    if (at != 0)
        mount_second(at);
    ctx = fs_context_create(trees[0]->root);
    if (ctx == NULL)
        panic("grade: no memory for a context");
    magic_root = trees[0]->root;
    for (const char *op = grade_string(g); *op; op++)
        switch (*op) {
        case 'p':
            op_lookup(g);
            break;
        case 'P':
            op_parent(g);
            break;
        case 'w':
            op_cwd(g);
            break;
        case 'R':
            op_root(g);
            break;
        default:
            op_user(g);
        }
}

static void
setup(void)
{
    fs_init();
}
GRADE_SETUP(setup);
GRADE_CASES({"script", script});
