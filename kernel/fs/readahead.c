#include "fs/readahead.h"

/* The stream that goes on at block, or whose window block is in if somebody
 * has got there; NULL if there is none. *oldest is the least recently used. */
static struct readahead_stream *
find_stream(struct readahead *ra, const void *owner, uint64_t block,
            bool in_window, struct readahead_stream **oldest)
{
    *oldest = &ra->streams[0];
    for (unsigned i = 0; i < READAHEAD_STREAMS; i++) {
        struct readahead_stream *s = &ra->streams[i];
        size_t window = in_window ? s->window : 0;
        if (s->owner == owner && block <= s->next && s->next - block <= window)
            return s;
        if (s->used < (*oldest)->used)
            *oldest = s;
    }
    return NULL;
}

struct readahead_range
readahead_plan(struct readahead *ra, const void *owner, uint64_t block,
               size_t count, size_t most)
{
    struct readahead_stream *oldest;
    struct readahead_stream *s =
        find_stream(ra, owner, block, count == 0, &oldest);
    struct readahead_range range = {block, count, READAHEAD_NO_MARK};

    if (!s && count == 0)
        return range;
    if (s) {
        s->window = MAX(2 * s->window, (size_t)READAHEAD_WINDOW_MIN);
        s->window = MIN(s->window, (size_t)READAHEAD_WINDOW_MAX);
        s->window = MIN(s->window, most);
        range.start = count ? block : s->next;
        range.count = count + s->window;
        range.mark = range.start + count;
    } else {
        s = oldest;
        s->owner = owner;
        s->window = 0;
    }
    s->next = range.start + range.count;
    s->used = ++ra->clock;
    return range;
}

void
readahead_forget(struct readahead *ra, const void *owner)
{
    for (unsigned i = 0; i < READAHEAD_STREAMS; i++)
        if (!owner || ra->streams[i].owner == owner)
            ra->streams[i] = (struct readahead_stream){.owner = NULL};
}
