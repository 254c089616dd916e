/* File systems without a disk: trees of generated text and of devices.
 *
 * A tree is a table that never changes, a row for each name. A row may stand
 * for many names of a kind, as /proc/PID: they are numbered, and whatever
 * lies below one is told its number. Nothing is kept but inodes in use, and
 * those of devices whose owner or mode was changed; no locks. Thread context,
 * may block.
 *
 * A text file is generated when it is opened, so one open sees one state,
 * in however many pieces it is read. */
#pragma once

#include "fs/file.h"
#include "lib/fmt.h"

#define PSEUDO_NAME_MAX 48u /* bytes of a kind's name, terminator included */

/* A text being put together. */
struct text {
    uint64_t id;  /* of the kind that the file lies below, or 0 */
    unsigned row; /* the file's */
    /* private to pseudo.c */
    struct fmt_sink sink;
    char *data; /* from kmalloc */
    size_t len, size;
    bool failed; /* memory ran out: some is missing */
};

/* Things of which there are many; each has an id from 1 to 2^40 - 1. */
struct pseudo_kind {
    /* Returns the least id above `after` of those in the directory that has id
     * dir, and its name; 0 after the last. */
    uint64_t (*next)(uint64_t dir, uint64_t after, char name[PSEUDO_NAME_MAX]);

    /* Returns the id of name, or 0. NULL: a walk by next finds it. */
    uint64_t (*find)(const char *name);

    /* The device number of a device. NULL: the row's. */
    uint64_t (*get_rdev)(uint64_t id);

    /* Whose things of the kind, and all below, are. NULL: user 0's. */
    void (*get_owner)(uint64_t id, uint32_t *uid, uint32_t *gid);
};

struct pseudo_row {
    unsigned parent;  /* the row of its directory; row 0 is the root */
    uint32_t mode;    /* with type bits */
    const char *name; /* of one row for many: no path has it */
    const struct pseudo_kind *kind; /* NULL: the row is one name */

    /* Of a text file or symbolic link: the text, or the target; or, if that is
     * NULL, what puts it into out and returns 0 or the error that open or
     * readlink is to give. */
    const char *text;
    int (*show)(struct text *out);

    /* Of a symbolic link that leads elsewhere than its target reads, as
     * get_link of struct inode_ops. */
    int (*get_link)(uint64_t id, unsigned row, struct dentry **out);

    /* Of a device, or of what get_link does not find. */
    const struct file_ops *file_ops;
    uint64_t rdev;

    unsigned also; /* another row whose directories have it; 0: none */
};

/* Initialises the struct super of the tree in rows, which end with one that
 * has no name; further members may follow. */
#define PSEUDO_SUPER(type_name, type_magic, rows, ...)                        \
    {                                                                         \
        .ops = &pseudo_super_ops, .type = (type_name), .root_ino = 1,         \
        .magic = (type_magic), .block_size = 4096, .private = (void *)(rows), \
        __VA_ARGS__                                                           \
    }

extern const struct super_ops pseudo_super_ops;

/* The id that an inode's row is given. */
uint64_t pseudo_id(const struct inode *inode);

/* Add to a text. Return 0 or -ENOMEM, which is noticed at the end, too. */
int text_printf(struct text *out, const char *format, ...) PRINTF(2, 3);
int text_put(struct text *out, const void *bytes, size_t len);
