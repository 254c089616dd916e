#include "host_kernel.h"

#include "dev/blockdev.h"
#include "fs/landlock.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "mm/object.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/borrow.h"
#include "proc/completion.h"
#include "proc/cred.h"
#include "proc/sleeplock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FRAME_SIZE 4096u

bool host_kernel_quiet;
void (*host_kernel_idle)(void);
void (*host_kernel_log)(const char *text);

PRINTF(2, 0)
static void
vprint(enum print_level level, const char *format, va_list args)
{
    char text[256];
    va_list copy;

    if (host_kernel_log) {
        va_copy(copy, args);
        vsnprintf(text, sizeof text, format, copy);
        va_end(copy);
        host_kernel_log(text);
    }
    if (host_kernel_quiet || level > PRINT_WARN)
        return;
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void
print(enum print_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprint(level, format, args);
    va_end(args);
}

void
panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("internal error: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

/* ---- Threads, of which there is one ---- */

void
thread_borrow(void *file)
{
    panic("file %p is borrowed", file);
}

void *
thread_give_back(void)
{
    return NULL;
}

/* ---- Locks and waiting ---- */

void
spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock){.name = name, .rank = rank};
}

void NO_LOCK_CHECK
spin_lock(struct spinlock *lock)
{
    if (lock->locked)
        panic("lock %s is taken twice", lock->name);
    lock->locked = 1;
}

void NO_LOCK_CHECK
spin_unlock(struct spinlock *lock)
{
    if (!lock->locked)
        panic("lock %s is released, but not held", lock->name);
    lock->locked = 0;
}

bool
spin_held(const struct spinlock *lock)
{
    return lock->locked;
}

void
waitq_init(struct waitq *wq)
{
    spin_init(&wq->lock, "waitq", RANK_WAITQ);
    list_init(&wq->waiters);
}

void NO_LOCK_CHECK
waitq_sleep(struct waitq *wq UNUSED, struct spinlock *lock)
{
    if (!host_kernel_idle)
        panic("a wait that nothing can end");
    spin_unlock(lock);
    host_kernel_idle();
    spin_lock(lock);
}

void
waitq_wake_one(struct waitq *wq UNUSED)
{
}

void
waitq_wake_all(struct waitq *wq UNUSED)
{
}

void
completion_init(struct completion *c)
{
    spin_init(&c->lock, "completion", RANK_COMPLETION);
    waitq_init(&c->waitq);
    c->done = false;
}

void
completion_signal(struct completion *c)
{
    c->done = true;
}

void
completion_wait(struct completion *c)
{
    spin_lock(&c->lock);
    while (!c->done)
        waitq_sleep(&c->waitq, &c->lock);
    spin_unlock(&c->lock);
}

void
sleeplock_init(struct sleeplock *sl, enum lock_rank rank)
{
    *sl = (struct sleeplock){.rank = rank};
}

void NO_LOCK_CHECK
sleeplock_lock(struct sleeplock *sl)
{
    if (sl->owner)
        panic("sleep lock is taken twice");
    sl->owner = sl;
}

void NO_LOCK_CHECK
sleeplock_unlock(struct sleeplock *sl)
{
    if (!sl->owner)
        panic("sleep lock is released, but not held");
    sl->owner = NULL;
}

bool
sleeplock_held(const struct sleeplock *sl)
{
    return sl->owner;
}

/* ---- Memory ---- */

void *
frame_alloc(unsigned order)
{
    return aligned_alloc(FRAME_SIZE, (size_t)FRAME_SIZE << order);
}

void
frame_free(void *block, unsigned order UNUSED)
{
    free(block);
}

void
frame_unref(void *frame)
{
    free(frame);
}

unsigned
frame_refs(const void *frame UNUSED)
{
    return 1;
}

/* ---- Nobody is restricted ---- */

struct landlock *
landlock_ref(struct landlock *rules)
{
    return rules;
}

void
landlock_put(struct landlock *rules UNUSED)
{
}

int
landlock_check(const struct dentry *d UNUSED, uint32_t access UNUSED)
{
    return 0;
}

uint32_t
landlock_making(uint32_t mode UNUSED)
{
    return 0;
}

bool
landlock_is_on(void)
{
    return false;
}

/* ---- Nobody has anything mapped ---- */

const struct object_ops mapping_ops; /* fs/mapping.h, which is not for here */

void
object_init(struct object *object, const struct object_ops *ops)
{
    object->ops = ops;
    list_init(&object->areas);
}

void
object_unmap(struct object *object UNUSED, uint64_t from UNUSED,
             bool private_too UNUSED)
{
}

void
object_protect(struct object *object UNUSED)
{
}

void *
kmalloc(size_t size)
{
    return malloc(size);
}

void *
kzalloc(size_t size)
{
    return calloc(1, size);
}

void
kfree(void *object)
{
    free(object);
}

void
slab_init(struct slab_cache *cache, const char *name, size_t size)
{
    (void)name;
    cache->size = size;
}

void *
slab_alloc(struct slab_cache *cache)
{
    return malloc(cache->size);
}

void
slab_free(struct slab_cache *cache UNUSED, void *object)
{
    free(object);
}

const struct cred *
cred_current(void)
{
    static const struct cred superuser = {.refs = 1};
    return &superuser;
}
