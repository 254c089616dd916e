/* Directories: reading their entries, and finding one.
 *
 * In a plain image a directory is a list of any length, in no order; in an
 * extended one it is what dirtree.h says, but for a long list that came from a
 * plain one, which cannot be changed. Owns nothing; takes no lock: nobody may
 * change a directory during a walk. May block on the disk.
 *
 * A position is where a walk goes on, in another walk too: 0 at the start. In
 * a list it counts bytes; otherwise it is the upper 62 bits of a name's hash,
 * so that names may come and go between two walks, and all others are met
 * once. (Of names that share these bits a walk that goes on after one does not
 * meet the next.) */
#pragma once

#include "fs/eclipsefs/dirtree.h"

/* Whether the directory is a list. */
static inline bool
efs_dir_is_list(const struct efs *fs, const struct efs_node *node)
{
    return !fs->extended || node->data % ECLIPSEFS_BLOCK_SIZE + node->data_len >
                                ECLIPSEFS_BLOCK_SIZE;
}

/* A walk over one directory's entries; lives on its user's stack. */
struct efs_dir {
    struct efs *fs;
    const struct efs_node *node;
    uint64_t pos; /* in a list: the next one; else the least that is wanted */
    struct efs_path path; /* held while there may be more of its names */
    struct efs_name name; /* the last one */
};

/* What an entry links: inode ino, which may dangle. pos tells the entry from
 * others of its directory as long as it is there: the byte of the list where
 * it begins, or the upper half of its name's hash. */
struct efs_link {
    uint32_t ino;
    uint32_t pos;
};

struct efs_entry {
    char name[ECLIPSEFS_NAME_MAX]; /* not terminated; unset if too long */
    uint32_t len;
    struct efs_link link;
    uint64_t next; /* the position after it */
    bool hidden;   /* no path can reach it: empty, ., .., over 255 bytes, or
                    * with / or NUL in it */
};

/* Whether no path can have a component of these bytes. */
bool efs_name_is_hidden(const char *name, size_t len);

/* Starts a walk of directory node at a position, which in a list must be 0 or
 * some entry's next; node must outlive it. */
void efs_dir_open(struct efs_dir *dir, struct efs *fs,
                  const struct efs_node *node, uint64_t pos);

/* Takes the next entry, hidden ones included.
 * Returns 1, 0 at the end, -EUCLEAN if the directory is damaged here (logged),
 * -EIO, -ENOMEM. */
int efs_dir_next(struct efs_dir *dir, struct efs_entry *entry) MUST_CHECK;

void efs_dir_close(struct efs_dir *dir);

/* Whether the entry of directory node that link came from leads to an inode
 * there can be. Returns 0 or -EUCLEAN (logged). */
int efs_dir_check_link(struct efs *fs, const struct efs_node *node,
                       const struct efs_link *link) MUST_CHECK;

/* Finds name (len bytes) in directory node; of entries with one name the
 * first counts.
 * Returns 0 and *link, checked; -ENOENT; -EUCLEAN if the directory is
 * damaged on the way to the name, or the entry dangles (logged); -EIO, -ENOMEM.
 */
int efs_dir_lookup(struct efs *fs, const struct efs_node *node,
                   const char *name, size_t len, struct efs_link *link)
    MUST_CHECK;
