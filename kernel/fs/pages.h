/* The pages of one file: the head of what fs/pagecache.h keeps of it. */
#pragma once

#include "lib/list.h"

struct pages {
    /* guarded by the cache's lock */
    struct list_node all;   /* its pages, in no order */
    struct list_node dirty; /* those of them not on the disk yet */
    size_t ndirty;
};
