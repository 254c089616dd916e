/* What the files share that make the kernel's inodes of eclipsefs: mount.c,
 * tree.c for names, content.c for the bytes of files.
 *
 * The core in this folder takes no locks. For a plain image it needs none; in
 * an extended one an inode's lock, or that of all names, guards its node, and
 * a change everything else. */
#pragma once

#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/record.h"
#include "fs/pagecache.h"

struct efs_inode {
    /* guarded by inode->lock */
    struct efs_node node; /* as the disk has it, or will after a commit; the
                           * times in struct inode, and a file's size, may be
                           * newer */
    bool cut;             /* its end has moved into a block: until that is
                           * committed, the block must not be written */
    bool trimmed;         /* no block is behind the end */
    bool rewritten;       /* blocks it has were written to, maybe since the
                           * last flush, and no commit needs to wait for that */
    uint64_t reserved;    /* blocks set aside for pages in memory */
    int error;            /* content was lost, which fsync has to tell */
    uint64_t resume;      /* the position where the last readdir ended */

    /* atomic */
    uint64_t claim; /* of a directory: parent inode << 32 | pos of the entry
                     * that led here; 0: none yet */
};

/* A change, and the inodes whose records it touches. */
#define VFS_INODES 4
struct vfs_change {
    struct super *super;
    struct inode *inodes[VFS_INODES]; /* NULL: none */
    struct efs_node before[VFS_INODES];
};

struct efs *vfs_efs(const struct super *super);

static inline struct efs *
efs_of(const struct inode *inode)
{
    return vfs_efs(inode->super);
}

static inline struct efs_inode *
private_of(const struct inode *inode)
{
    return inode->private;
}

static inline struct efs_node *
node_of(const struct inode *inode)
{
    return &private_of(inode)->node;
}

/* Begins a change of c->inodes, whose nodes then have the newest times. After
 * damage the super becomes read-only here.
 * Returns 0 or -EROFS. */
int vfs_begin(struct vfs_change *c) MUST_CHECK;

/* Ends it: the inodes are as their nodes say or, if err is not 0, their nodes
 * are as before. Returns err. */
int vfs_end(struct vfs_change *c, int err) MUST_CHECK;

/* ---- tree.c ---- */

extern const struct inode_ops vfs_inode_ops;

/* ---- content.c and content_write.c. LOCKED, but for sync ---- */

extern const struct page_ops vfs_page_ops;

/* Sets struct inode.blocks to what the node has, and what is set aside for
 * pages in memory. Returns 0 or an error. */
int vfs_count_blocks(struct inode *inode) MUST_CHECK;

/* Sets the disk's size, which is at least `size`, and frees what is behind.
 * That takes several changes: a crash between them leaves blocks behind the
 * end, which nobody reads, and which go before the file gets longer again.
 * Returns 0; or an error, and nothing has changed. */
int vfs_trim(struct inode *inode, uint64_t size) MUST_CHECK;

int
vfs_write_back(struct inode *inode) REQUIRES(inode->lock)
MUST_CHECK;
int
vfs_set_size(struct inode *inode, uint64_t size) REQUIRES(inode->lock)
MUST_CHECK;
int vfs_sync(struct inode *inode, bool data_only) MUST_CHECK;
