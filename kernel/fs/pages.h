/* The pages of one file: the head of what fs/pagecache.h keeps of it. */
#pragma once

#include "lib/list.h"

struct pages {
    /* guarded by the table's lock */
    struct list_node all; /* its pages, in no order */

    /* constant after read_inode */
    bool pinned; /* there is no disk for them: once dirty, they stay so, and
                  * count neither as dirty nor as cached */

    /* guarded by the inode's lock */
    struct list_node dirty; /* those that the disk does not have yet */
    size_t ndirty;
};
