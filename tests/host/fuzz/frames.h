/* Frames for targets that want very many of them, instead of the C library's:
 * the sanitizer takes longer to allocate 4 KiB than most inputs need for all
 * else. It still sees accesses behind a frame, and to one that is free: those
 * are taken anew as late as can be.
 *
 * For who links -Wl,--wrap=frame_alloc,--wrap=frame_free,--wrap=frame_unref. */
#pragma once

#include <stddef.h>

/* How many have been allocated and not freed: a leak, after an input. */
size_t frames_used(void);
