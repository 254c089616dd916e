#include "proc/futex.h"
#include "abi/futex.h"
#include "mm/space.h"
#include "proc/thread.h"

#define BUCKETS (RANK_FUTEX_LAST - RANK_FUTEX + 1)

struct bucket {
    struct spinlock lock;
    /* guarded by lock */
    struct list_node waiting; /* struct waiting.node, first come first */
};

/* A thread that waits, on its own stack. */
struct waiting {
    /* constant while it is queued */
    uint32_t bitset;

    /* guarded by the lock of the bucket it is in */
    struct list_node node; /* unlinked: it has been woken */
    struct space_word key;
    struct bucket *bucket; /* changed under both buckets' locks */
    struct waitq waitq;
};

static struct bucket buckets[BUCKETS];

void
futex_init(void)
{
    for (unsigned i = 0; i < BUCKETS; i++) {
        spin_init(&buckets[i].lock, "futex", RANK_FUTEX + i);
        list_init(&buckets[i].waiting);
    }
}

static struct bucket *
bucket_of(const struct space_word *key)
{
    uint64_t mix = (key->offset >> 2) * 0x9e3779b97f4a7c15ul;
    mix ^= (uint64_t)key->object >> 6;
    return &buckets[(mix ^ mix >> 32) % BUCKETS];
}

static bool
is_same(const struct space_word *a, const struct space_word *b)
{
    return a->offset == b->offset && a->object == b->object;
}

static int
identify(struct futex_word word, struct space_word *key)
{
    return space_identify(cpu_thread()->space, word.at.v, word.shared, key);
}

/* Locks two buckets, of which b may be NULL or the same, in the order of their
 * ranks. */
static NO_LOCK_CHECK void
lock_both(struct bucket *a, struct bucket *b)
{
    struct bucket *first = b && b < a ? b : a, *second = b < a ? a : b;
    spin_lock(&first->lock);
    if (second && second != first)
        spin_lock(&second->lock);
}

static NO_LOCK_CHECK void
unlock_both(struct bucket *a, struct bucket *b)
{
    if (b && b != a)
        spin_unlock(&b->lock);
    spin_unlock(&a->lock);
}

/* Locks the buckets and reads the word, which nobody can then change and find
 * no waiter in between. Returns 0, or -EFAULT with no lock held. */
static NO_LOCK_CHECK int
lock_and_read(struct bucket *a, struct bucket *b, uaddr_t at, uint32_t *value)
{
    for (;;) {
        lock_both(a, b);
        if (uaccess_peek(value, at) == 0)
            return 0;
        unlock_both(a, b);
        if (uaccess_read(value, at, sizeof(*value)) != 0)
            return -EFAULT;
    }
}

/* ---- Waiting ---- */

/* Locks the bucket that w is in now: it may have been moved. */
static NO_LOCK_CHECK struct bucket *
lock_bucket_of(struct waiting *w)
{
    for (;;) {
        struct bucket *bucket = READ_ONCE(w->bucket);
        spin_lock(&bucket->lock);
        if (READ_ONCE(w->bucket) == bucket)
            return bucket;
        spin_unlock(&bucket->lock);
    }
}

NO_LOCK_CHECK int
futex_wait(struct futex_word word, uint32_t expected, uint32_t bitset,
           uint64_t deadline_ns)
{
    struct waiting w = {.bitset = bitset};
    uint32_t value;
    int error = identify(word, &w.key);
    if (error != 0)
        return error;
    struct bucket *bucket = w.bucket = bucket_of(&w.key);
    waitq_init(&w.waitq);
    error = lock_and_read(bucket, NULL, word.at, &value);
    if (error != 0)
        return error;
    if (value != expected) {
        spin_unlock(&bucket->lock);
        return -EAGAIN;
    }
    list_push_back(&bucket->waiting, &w.node);
    while (error == 0 && !list_is_empty(&w.node)) {
        error = waitq_sleep_until(&w.waitq, &bucket->lock, deadline_ns);
        spin_unlock(&bucket->lock);
        bucket = lock_bucket_of(&w);
    }
    if (list_is_empty(&w.node))
        error = 0;
    list_del(&w.node);
    spin_unlock(&bucket->lock);
    return error;
}

/* ---- Waking ---- */

static void
wake_locked(struct waiting *w)
{
    list_del(&w->node);
    waitq_wake_all(&w->waitq);
}

int
futex_wake(struct futex_word word, uint32_t n, uint32_t bitset)
{
    struct space_word key;
    int woken = identify(word, &key);
    if (woken != 0)
        return woken;
    struct bucket *bucket = bucket_of(&key);
    spin_guard(&bucket->lock);
    list_for_each_safe (node, &bucket->waiting) {
        struct waiting *w = list_entry(node, struct waiting, node);
        if ((uint32_t)woken >= n)
            break;
        if (is_same(&w->key, &key) && w->bitset & bitset) {
            wake_locked(w);
            woken++;
        }
    }
    return woken;
}

static void
move_locked(struct waiting *w, struct bucket *to, const struct space_word *key)
{
    list_del(&w->node);
    w->key = *key;
    WRITE_ONCE(w->bucket, to);
    list_push_back(&to->waiting, &w->node);
}

NO_LOCK_CHECK int
futex_requeue(struct futex_word from, struct futex_word to, uint32_t nwake,
              uint32_t nmove, const uint32_t *expected)
{
    struct space_word key, new_key;
    uint32_t value, found = 0;
    int error = identify(from, &key) ?: identify(to, &new_key);
    if (error != 0)
        return error;
    struct bucket *a = bucket_of(&key), *b = bucket_of(&new_key);
    if (!expected)
        lock_both(a, b);
    else if (lock_and_read(a, b, from.at, &value) != 0)
        return -EFAULT;
    if (expected && value != *expected) {
        unlock_both(a, b);
        return -EAGAIN;
    }
    bool stays = is_same(&key, &new_key);
    list_for_each_safe (node, &a->waiting) {
        struct waiting *w = list_entry(node, struct waiting, node);
        if (!is_same(&w->key, &key))
            continue;
        if (found == (uint64_t)nwake + nmove)
            break;
        if (found++ < nwake)
            wake_locked(w);
        else if (!stays)
            move_locked(w, b, &new_key);
    }
    unlock_both(a, b);
    return (int)found;
}
