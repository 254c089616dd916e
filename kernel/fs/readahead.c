#include "fs/readahead.h"

static struct readahead_stream *
oldest_stream(struct readahead *ra)
{
    struct readahead_stream *oldest = &ra->streams[0];
    for (unsigned i = 1; i < READAHEAD_STREAMS; i++)
        if (ra->streams[i].used < oldest->used)
            oldest = &ra->streams[i];
    return oldest;
}

static void
widen_stream(struct readahead *ra, struct readahead_stream *s, size_t most)
{
    most = MIN(most, READAHEAD_WINDOW_MAX);
    s->window = MIN(MAX(2 * s->window, READAHEAD_WINDOW_MIN), most);
    s->used = ++ra->clock;
}

struct readahead_range
readahead_start(struct readahead *ra, const struct blockdev *dev,
                uint64_t block, size_t count, size_t most)
{
    for (unsigned i = 0; i < READAHEAD_STREAMS; i++) {
        struct readahead_stream *s = &ra->streams[i];
        if (s->dev != dev || s->next != block)
            continue;
        widen_stream(ra, s, most);
        s->next = block + count + s->window;
        return (struct readahead_range){.start = block,
                                        .count = count + s->window,
                                        .marked = true,
                                        .mark = block + count};
    }
    *oldest_stream(ra) = (struct readahead_stream){
        .dev = dev, .next = block + count, .used = ++ra->clock};
    return (struct readahead_range){.start = block, .count = count};
}

struct readahead_range
readahead_continue(struct readahead *ra, const struct blockdev *dev,
                   uint64_t block, size_t most)
{
    for (unsigned i = 0; i < READAHEAD_STREAMS; i++) {
        struct readahead_stream *s = &ra->streams[i];
        if (s->dev != dev || block >= s->next || s->next - block > s->window)
            continue;
        uint64_t start = s->next;
        widen_stream(ra, s, most);
        s->next = start + s->window;
        return (struct readahead_range){
            .start = start, .count = s->window, .marked = true, .mark = start};
    }
    return (struct readahead_range){.count = 0};
}

void
readahead_forget(struct readahead *ra, const struct blockdev *dev)
{
    for (unsigned i = 0; i < READAHEAD_STREAMS; i++)
        if (!dev || ra->streams[i].dev == dev)
            ra->streams[i] = (struct readahead_stream){.dev = NULL};
}
