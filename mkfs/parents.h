/* Which directory entry each directory was first reached by.
 *
 * In a sound tree one entry leads to each directory. A reader that goes down
 * from the root and holds every directory to the first entry that led to it
 * sees a tree, whatever the disk says: a cycle, a second parent or a second
 * name needs a second entry for some directory, and that is -EUCLEAN where
 * it is met. Which of two entries is the right one only fsck can say.
 *
 * Costs eight bytes for each inode, in pieces as they are needed. Atomic; any
 * context that may allocate. */
#pragma once

#include "fs/eclipsefs/dir.h"

struct efs_parents {
    /* constant after init */
    size_t chunk_count;

    /* atomic */
    uint64_t **chunks; /* each NULL until its first claim */
};

/* Returns 0 or -ENOMEM. */
int efs_parents_init(struct efs_parents *parents, uint32_t inode_count)
    MUST_CHECK;

void efs_parents_destroy(struct efs_parents *parents);

/* Notes that entry link of directory parent leads to directory link->ino,
 * an existing inode.
 * Returns 0, -EUCLEAN if another entry does, or -ENOMEM. */
int efs_parents_claim(struct efs_parents *parents, uint32_t parent,
                      const struct efs_link *link) MUST_CHECK;

/* The parent of directory ino: the root's is itself; 0 if it has not been
 * reached. */
uint32_t efs_parents_get(const struct efs_parents *parents, uint32_t ino);
