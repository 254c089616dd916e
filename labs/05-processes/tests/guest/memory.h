/* What is taken and not given back, while it is counted; and allocations that
 * fail when the test wants it. One program's own copy.
 *
 * The program has this line, for the linker:
 *     WRAP: kmalloc kzalloc kfree slab_alloc slab_free kmap_stack_alloc ...
 */
#pragma once

#include "mm/kmap.h"
#include "mm/slab.h"

static bool counting;
static int taken;                /* objects: of kmalloc, caches, stacks */
static unsigned fails_at, asked; /* the how manieth fails; 0: none */

static void (*forgotten)(const void *object); /* told of what is freed */

static inline void *
count_object(void *object)
{
    taken += counting && object;
    return object;
}

static inline bool
is_to_fail(void)
{
    return counting && ++asked == fails_at;
}

static inline void
forget_object(const void *object)
{
    taken -= counting && object;
    if (forgotten && object)
        forgotten(object);
}

#define WRAPPED_ALLOC(f, parameters, arguments)                          \
    void *__wrap_##f parameters;                                         \
    void *__real_##f parameters;                                         \
    void *__wrap_##f parameters                                          \
    {                                                                    \
        return is_to_fail() ? NULL : count_object(__real_##f arguments); \
    }

WRAPPED_ALLOC(kmalloc, (size_t size), (size))
WRAPPED_ALLOC(kzalloc, (size_t size), (size))
WRAPPED_ALLOC(slab_alloc, (struct slab_cache * cache), (cache))
WRAPPED_ALLOC(kmap_stack_alloc, (void), ())

void __wrap_kfree(void *object);
void __real_kfree(void *object);
void __wrap_slab_free(struct slab_cache *cache, void *object);
void __real_slab_free(struct slab_cache *cache, void *object);
void __wrap_kmap_stack_free(void *top);
void __real_kmap_stack_free(void *top);

void
__wrap_kfree(void *object)
{
    forget_object(object);
    __real_kfree(object);
}

void
__wrap_slab_free(struct slab_cache *cache, void *object)
{
    forget_object(object);
    __real_slab_free(cache, object);
}

void
__wrap_kmap_stack_free(void *top)
{
    forget_object(top);
    __real_kmap_stack_free(top);
}

static inline void
count_from_here(unsigned fails)
{
    taken = 0;
    asked = 0;
    fails_at = fails;
    counting = true;
}
