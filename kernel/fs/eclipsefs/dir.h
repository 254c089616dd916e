/* Directories: a list of entries of any length, in no order.
 *
 * Owns nothing; takes no lock; may block on the disk. The list is walked in
 * place, never loaded whole. */
#pragma once

#include "fs/eclipsefs/cursor.h"
#include "fs/eclipsefs/record.h"

/* A walk over one directory's entries; lives on its user's stack. */
struct efs_dir {
    struct efs *fs;
    const struct efs_node *node;
    struct efs_cursor cursor;
};

/* What an entry links: inode ino, which may dangle, from byte pos of its
 * directory's list. */
struct efs_link {
    uint32_t ino;
    uint32_t pos;
};

struct efs_entry {
    char name[ECLIPSEFS_NAME_MAX]; /* not terminated; unset if too long */
    uint32_t len;
    struct efs_link link;
    uint32_t next; /* where in the list the next entry starts, bytes */
    bool hidden;   /* no path can reach it: empty, ., .., over 255 bytes, or
                    * with / or NUL in it */
};

/* Starts a walk of directory node at byte pos of its list, 0 or the next of
 * an earlier walk's entry; node must outlive it. */
void efs_dir_open(struct efs_dir *dir, struct efs *fs,
                  const struct efs_node *node, uint32_t pos);

/* Takes the next entry, hidden ones included.
 * Returns 1, 0 at the end, -EUCLEAN if the list is damaged here (logged),
 * -EIO, -ENOMEM. */
int efs_dir_next(struct efs_dir *dir, struct efs_entry *entry) MUST_CHECK;

void efs_dir_close(struct efs_dir *dir);

/* Whether the entry of directory node that link came from leads to an inode
 * there can be. Returns 0 or -EUCLEAN (logged). */
int efs_dir_check_link(struct efs *fs, const struct efs_node *node,
                       const struct efs_link *link) MUST_CHECK;

/* Finds name (len bytes) in directory node; of entries with one name the
 * first counts.
 * Returns 0 and *link, checked; -ENOENT; -EUCLEAN if the list is damaged
 * before the name was met, or the entry dangles (logged); -EIO, -ENOMEM. */
int efs_dir_lookup(struct efs *fs, const struct efs_node *node,
                   const char *name, size_t len, struct efs_link *link)
    MUST_CHECK;
