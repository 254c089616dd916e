/* File systems without a disk: trees of generated text and of devices.
 *
 * Owns struct pseudo_fs and its nodes, which are never removed; the tree is
 * guarded by a spin lock of its own. Thread context, may block.
 *
 * A text file is generated when it is opened, so one open sees one state,
 * in however many pieces it is read. */
#pragma once

#include "fs/file.h"

struct pseudo_fs;
struct pseudo_node;
struct text_buf;

/* What an inode of a pseudo file system is. */
struct pseudo_content {
    uint32_t mode; /* with type bits */

    /* Of a text file or symbolic link: puts the text, or the target, into
     * out. Returns 0 or the error that open or readlink is to give. */
    int (*show)(struct text_buf *out, void *arg);
    void *arg;

    /* Of a device: its files are these; arg is theirs to use. */
    const struct file_ops *file_ops;
    uint64_t rdev;
};

/* Text being generated. Running out of memory is noticed at the end. */
void text_printf(struct text_buf *out, const char *format, ...) PRINTF(2, 3);
void text_put(struct text_buf *out, const char *text, size_t len);

/* Inode numbers from here on are pseudo_dynamic's. */
#define PSEUDO_DYNAMIC_INO (1ull << 32)

/* Names that come and go, in the root directory and below, as /proc/PID. */
struct pseudo_dynamic {
    /* Returns the inode number of name in the directory dir_ino, the root's
     * or a dynamic one, or 0. */
    uint64_t (*lookup)(uint64_t dir_ino, const char *name, size_t len);

    /* As readdir of struct inode_ops; positions start at first_pos. */
    int (*readdir)(uint64_t dir_ino, uint64_t first_pos, uint64_t *pos,
                   struct dir_sink *sink);

    /* Says what ino is. Returns 0 or -ENOENT. */
    int (*describe)(uint64_t ino, struct pseudo_content *content);
};

/* Makes a file system with an empty root directory; dynamic may be NULL.
 * Returns NULL without memory. */
struct pseudo_fs *pseudo_create(const char *type, uint32_t magic,
                                const struct pseudo_dynamic *dynamic);

struct super *pseudo_super(struct pseudo_fs *fs);
struct pseudo_node *pseudo_root(struct pseudo_fs *fs);

/* Adds name, which is copied, to a directory.
 * Returns 0, -EEXIST, -ENOMEM. */
int pseudo_add(struct pseudo_node *dir, const char *name,
               const struct pseudo_content *content) MUST_CHECK;

/* Shorthands: a read-only text file, a symbolic link, a directory that is
 * stored to *node (if not NULL), also if there is one of that name already
 * (-EEXIST). */
int pseudo_add_file(struct pseudo_node *dir, const char *name,
                    int (*show)(struct text_buf *out, void *arg), void *arg)
    MUST_CHECK;
int pseudo_add_link(struct pseudo_node *dir, const char *name,
                    int (*show)(struct text_buf *out, void *arg), void *arg)
    MUST_CHECK;
int pseudo_add_dir(struct pseudo_node *dir, const char *name,
                   struct pseudo_node **node) MUST_CHECK;

/* The content of the inode that a device's file was opened on. */
const struct pseudo_content *pseudo_content_of(const struct inode *inode);
