/* Files in memory that programs see: what areas (mm/object.h) show of them.
 *
 * The pages are the page cache's own, so there is one copy of the content,
 * whoever reads or writes it by whatever means. An area's handle is the struct
 * file, with a reference. Thread context, may block. */
#pragma once

#include "fs/file.h"

struct area;

extern const struct object_ops mapping_ops; /* of every inode's object */

/* Makes *area, whose prot, and AREA_SHARED, are set, show file from byte
 * offset on. Takes no reference. Returns 0; -ENODEV (such files cannot be
 * mapped), -EBADF, -EACCES (the file is not open for that). */
int mapping_describe(struct file *file, uint64_t offset, struct area *area)
    MUST_CHECK;
