#include "fs_shim.h"

#include "abi/errno.h"
#include "fs/attributes.h"
#include "fs/devfs.h"
#include "fs/pipe.h"
#include "fs/file.h"
#include "fs/epoll.h"
#include "fs/pagecache.h"
#include "fs/poll.h"
#include "fs/record_lock.h"
#include "fs/writeback.h"
#include "lib/panic.h"
#include "proc/signal.h"

#include <string.h>

/* ---- What no test opens ---- */

const struct file_ops devfs_node_ops = {.read = NULL};
__attribute__((weak)) const struct file_ops pipe_named_ops = {.read = NULL};

/* ---- User memory ---- */

bool shim_pages_away;
void (*shim_faulting)(void);

static bool
is_there(uint64_t va, size_t n)
{
    return !shim_pages_away && va < SHIM_BAD_USER && va % 4096 + n <= 4096;
}

bool
uaccess_read_at_once(void *dst, uaddr_t src, size_t n)
{
    if (is_there(src.v, n))
        memcpy(dst, (const void *)(uintptr_t)src.v, n);
    return is_there(src.v, n);
}

bool
uaccess_write_at_once(uaddr_t dst, const void *src, size_t n)
{
    if (is_there(dst.v, n))
        memcpy((void *)(uintptr_t)dst.v, src, n);
    return is_there(dst.v, n);
}

int
uaccess_read(void *dst, uaddr_t src, size_t n)
{
    if (shim_faulting)
        shim_faulting();
    if (src.v >= SHIM_BAD_USER)
        return -EFAULT;
    memcpy(dst, (const void *)(uintptr_t)src.v, n);
    return 0;
}

int uaccess_read_now(void *dst, uaddr_t src, size_t n) ALIAS("uaccess_read");

int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    if (shim_faulting)
        shim_faulting();
    if (dst.v >= SHIM_BAD_USER)
        return -EFAULT;
    memcpy((void *)(uintptr_t)dst.v, src, n);
    return 0;
}

/* ---- Sleeping and signals ---- */

int (*shim_sleep)(void);
uint64_t shim_signals;

int NO_LOCK_CHECK
waitq_sleep_until(struct waitq *wq UNUSED, struct spinlock *lock,
                  uint64_t deadline_ns UNUSED)
{
    if (!shim_sleep)
        panic("a wait that nothing can end");
    spin_unlock(lock);
    int result = shim_sleep();
    spin_lock(lock);
    return result;
}

void
poll_wait(struct poll_table *table UNUSED, struct waitq *wq UNUSED)
{
}

void
signal_send_current(int sig)
{
    shim_signals |= 1ull << sig;
}

void
epoll_forget(struct file *file UNUSED)
{
}

void
record_lock_drop(const void *owner UNUSED, const struct file *file UNUSED)
{
}

/* ---- A file system in a table ---- */

struct table {
    const struct shim_node *nodes;
    unsigned n;
};

unsigned shim_lookups, shim_inodes;
int shim_lookup_error;

static int
table_lookup(struct inode *dir, const char *name, size_t len,
             struct inode **out)
{
    const struct table *t = dir->super->private;

    shim_lookups++;
    if (shim_lookup_error)
        return shim_lookup_error;
    for (unsigned i = 1; i < t->n; i++) {
        const struct shim_node *node = &t->nodes[i];
        if (node->parent == dir->ino && strlen(node->name) == len &&
            memcmp(node->name, name, len) == 0)
            return inode_get(dir->super, i + 1, out);
    }
    return -ENOENT;
}

static int
table_readdir(struct inode *dir, uint64_t *pos, struct dir_sink *sink)
{
    const struct table *t = dir->super->private;

    for (; *pos - 1 < t->n; ++*pos) {
        const struct shim_node *node = &t->nodes[*pos - 1];
        if (node->parent == dir->ino &&
            !sink->entry(sink, node->name, strlen(node->name), *pos, node->mode,
                         *pos + 1))
            break;
    }
    return 0;
}

static const char *
text_of(const struct inode *inode)
{
    const struct table *t = inode->super->private;
    return t->nodes[inode->ino - 1].text;
}

static int64_t
table_readlink(struct inode *inode, char *buf, size_t size)
{
    size_t len = strlen(text_of(inode));
    memcpy(buf, text_of(inode), len < size ? len : size);
    return (int64_t)len;
}

static int64_t
table_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    const char *text = text_of(file->inode);
    if (*offset >= strlen(text))
        return 0;
    int64_t n = uio_fill(uio, text + *offset, strlen(text) - *offset);
    if (n > 0)
        *offset += (uint64_t)n;
    return n;
}

static const struct file_ops table_file_ops = {.read = table_read};

static const struct inode_ops table_inode_ops = {
    .lookup = table_lookup,
    .readdir = table_readdir,
    .readlink = table_readlink,
};

static int
table_read_inode(struct inode *inode)
{
    const struct table *t = inode->super->private;
    if (inode->ino == 0 || inode->ino > t->n)
        return -ENOENT;
    const struct shim_node *node = &t->nodes[inode->ino - 1];
    inode->ops = &table_inode_ops;
    inode->file_ops = S_ISREG(node->mode) ? &table_file_ops : NULL;
    inode->mode = node->mode;
    inode->uid = node->uid;
    inode->nlink = 1;
    inode->size = node->text ? strlen(node->text) : 0;
    shim_inodes++;
    return 0;
}

static void
table_free_inode(struct inode *inode UNUSED)
{
    shim_inodes--;
}

void
shim_super_init(struct super *super, const struct shim_node *nodes, unsigned n)
{
    static const struct super_ops ops = {
        .read_inode = table_read_inode,
        .free_inode = table_free_inode,
    };
    static struct table tables[8];
    static unsigned used;

    tables[used % 8] = (struct table){nodes, n};
    *super = (struct super){
        .ops = &ops,
        .type = "table",
        .dev = used + 1,
        .root_ino = 1,
        .read_only = true,
        .block_size = 4096,
        .private = &tables[used % 8],
    };
    used++;
}

/* ---- What is never reached: nothing here has pages, or gets dirty ---- */

__attribute__((weak)) int64_t
pagecache_read(struct inode *inode UNUSED, struct uio *uio UNUSED,
               uint64_t *offset UNUSED)
{
    return -EIO;
}

__attribute__((weak)) int64_t
pagecache_write(struct inode *inode UNUSED, struct uio *uio UNUSED,
                uint64_t *offset UNUSED)
{
    return -EIO;
}

void
flusher_want(bool now UNUSED)
{
}

int64_t
fs_now(void)
{
    return 1000;
}

__attribute__((weak)) int
attributes_will_write(struct inode *inode UNUSED)
{
    return -EIO;
}

/* Where no other part of a test says it. */
__attribute__((weak)) bool signal_killed_meanwhile(void);

bool
signal_killed_meanwhile(void)
{
    return false;
}
