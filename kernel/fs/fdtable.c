#include "fs/fdtable.h"

#include "abi/errno.h"
#include "fs/file.h"
#include "fs/refcount.h"
#include "lib/bits.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/spinlock.h"

#define WORD_BITS 64u
#define WORDS     (FDTABLE_MAX / WORD_BITS)
#define FIRST_LEN 32u /* descriptors a new table has room for */

struct fdtable {
    struct spinlock lock;

    /* guarded by lock; private to the owner while refs is 1 */
    struct file **files; /* with a reference each, or NULL */
    unsigned len;        /* of files, a multiple of FIRST_LEN */
    unsigned free_from;  /* none below is free */
    uint64_t used[WORDS];
    uint64_t cloexec[WORDS];

    /* atomic */
    uint32_t refs;
};

static bool
bit_get(const uint64_t *map, unsigned i)
{
    return map[i / WORD_BITS] >> (i % WORD_BITS) & 1;
}

static void
bit_set(uint64_t *map, unsigned i, bool on)
{
    uint64_t bit = 1ull << (i % WORD_BITS);

    if (on)
        map[i / WORD_BITS] |= bit;
    else
        map[i / WORD_BITS] &= ~bit;
}

/* The lowest bit >= min that is set in map, with each word xored with flip
 * first (~0: the lowest that is clear); FDTABLE_MAX if there is none. */
static unsigned
bit_find(const uint64_t *map, unsigned min, uint64_t flip)
{
    if (min >= FDTABLE_MAX)
        return FDTABLE_MAX;
    unsigned w = min / WORD_BITS;
    uint64_t word = (map[w] ^ flip) & (~0ull << (min % WORD_BITS));

    while (!word) {
        if (++w == WORDS)
            return FDTABLE_MAX;
        word = map[w] ^ flip;
    }
    return w * WORD_BITS + bit_count_trailing_zeros64(word);
}

static struct fdtable *
table_new(unsigned len)
{
    struct fdtable *t = kzalloc(sizeof(*t));
    struct file **files = kzalloc(len * sizeof(*files));
    if (!t || !files) {
        kfree(t);
        kfree(files);
        return NULL;
    }
    spin_init(&t->lock, "fdtable", RANK_FDTABLE);
    t->files = files;
    t->len = len;
    t->refs = 1;
    return t;
}

struct fdtable *
fdtable_create(void)
{
    return table_new(FIRST_LEN);
}

struct fdtable *
fdtable_clone(struct fdtable *table)
{
    struct fdtable *copy;

    for (;;) {
        unsigned len = READ_ONCE(table->len);
        copy = table_new(len);
        if (!copy)
            return NULL;
        spin_lock(&table->lock);
        if (table->len == len)
            break;
        /* Another thread has made it grow. */
        spin_unlock(&table->lock);
        fdtable_put(copy);
    }
    copy->free_from = table->free_from;
    memcpy(copy->used, table->used, sizeof(copy->used));
    memcpy(copy->cloexec, table->cloexec, sizeof(copy->cloexec));
    for (unsigned fd = bit_find(table->used, 0, 0); fd < FDTABLE_MAX;
         fd = bit_find(table->used, fd + 1, 0))
        copy->files[fd] = file_ref(table->files[fd]);
    spin_unlock(&table->lock);
    return copy;
}

struct fdtable *
fdtable_ref(struct fdtable *table)
{
    refcount_add(&table->refs);
    return table;
}

void
fdtable_put(struct fdtable *table)
{
    if (!refcount_drop(&table->refs))
        return;
    for (unsigned fd = bit_find(table->used, 0, 0); fd < FDTABLE_MAX;
         fd = bit_find(table->used, fd + 1, 0))
        file_put(table->files[fd]);
    kfree(table->files);
    kfree(table);
}

static struct file *
file_of(const struct fdtable *table, int fd)
{
    return (unsigned)fd < table->len ? table->files[fd] : NULL;
}

/* Takes fd out of the table. Returns its file with the table's reference. */
static struct file *
remove_locked(struct fdtable *table, int fd) REQUIRES(table->lock)
{
    struct file *file = file_of(table, fd);
    if (!file)
        return NULL;
    table->files[fd] = NULL;
    bit_set(table->used, (unsigned)fd, false);
    bit_set(table->cloexec, (unsigned)fd, false);
    table->free_from = MIN(table->free_from, (unsigned)fd);
    return file;
}

void
fdtable_close_on_exec(struct fdtable *table)
{
    for (unsigned fd = 0;; fd++) {
        spin_lock(&table->lock);
        fd = bit_find(table->cloexec, fd, 0);
        struct file *file =
            fd < FDTABLE_MAX ? remove_locked(table, (int)fd) : NULL;
        spin_unlock(&table->lock);
        if (!file)
            return;
        file_put(file);
    }
}

/* Makes room for descriptor fd, outside the lock while memory is taken. */
static int
grow(struct fdtable *table, unsigned fd)
{
    unsigned len = FIRST_LEN;
    while (len <= fd)
        len *= 2;
    struct file **files = kzalloc(len * sizeof(*files));
    if (!files)
        return -ENOMEM;

    spin_lock(&table->lock);
    struct file **old = files;
    if (len > table->len) {
        memcpy(files, table->files, table->len * sizeof(*files));
        old = table->files;
        table->files = files;
        table->len = len;
    }
    spin_unlock(&table->lock);
    kfree(old);
    return 0;
}

/* The lowest free descriptor >= min, FDTABLE_MAX if there is none. */
static unsigned
find_free_locked(const struct fdtable *table, unsigned min)
    REQUIRES(table->lock)
{
    unsigned from = MAX(min, table->free_from);

    if (from < FDTABLE_MAX && !bit_get(table->used, from))
        return from;
    return bit_find(table->used, from, ~0ull);
}

static void
set_locked(struct fdtable *table, unsigned fd, struct file *file, bool cloexec)
    REQUIRES(table->lock)
{
    table->files[fd] = file;
    bit_set(table->used, fd, true);
    bit_set(table->cloexec, fd, cloexec);
}

int
fdtable_install(struct fdtable *table, struct file *file, int min, bool cloexec)
{
    if ((unsigned)min >= FDTABLE_MAX)
        return -EINVAL;
    for (;;) {
        spin_lock(&table->lock);
        unsigned fd = find_free_locked(table, (unsigned)min);
        bool fits = fd < table->len;
        if (fits) {
            set_locked(table, fd, file, cloexec);
            if ((unsigned)min <= table->free_from)
                table->free_from = fd + 1;
        }
        spin_unlock(&table->lock);

        if (fits)
            return (int)fd;
        if (fd == FDTABLE_MAX)
            return -EMFILE;
        int err = grow(table, fd);
        if (err)
            return err;
    }
}

int
fdtable_replace(struct fdtable *table, int fd, struct file *file, bool cloexec)
{
    if ((unsigned)fd >= FDTABLE_MAX)
        return -EBADF;
    if ((unsigned)fd >= READ_ONCE(table->len)) {
        int err = grow(table, (unsigned)fd);
        if (err)
            return err;
    }
    spin_lock(&table->lock);
    struct file *old = file_of(table, fd);
    set_locked(table, (unsigned)fd, file, cloexec);
    spin_unlock(&table->lock);
    if (old)
        file_put(old);
    return fd;
}

int
fdtable_close(struct fdtable *table, int fd)
{
    spin_lock(&table->lock);
    struct file *file = remove_locked(table, fd);
    spin_unlock(&table->lock);
    if (!file)
        return -EBADF;
    file_put(file);
    return 0;
}

struct file *
fdtable_get(struct fdtable *table, int fd)
{
    spin_lock(&table->lock);
    struct file *file = file_of(table, fd);
    if (file)
        file_ref(file);
    spin_unlock(&table->lock);
    return file;
}

struct file *
fdtable_borrow(struct fdtable *table, int fd, bool *counted)
{
    *counted = refcount_read(&table->refs) > 1;
    if (*counted)
        return fdtable_get(table, fd);
    return file_of(table, fd);
}

void
fdtable_return(struct file *file, bool counted)
{
    if (counted)
        file_put(file);
}

int
fdtable_get_cloexec(struct fdtable *table, int fd)
{
    int result = -EBADF;

    spin_lock(&table->lock);
    if (file_of(table, fd))
        result = bit_get(table->cloexec, (unsigned)fd);
    spin_unlock(&table->lock);
    return result;
}

int
fdtable_set_cloexec(struct fdtable *table, int fd, bool on)
{
    int result = -EBADF;

    spin_lock(&table->lock);
    if (file_of(table, fd)) {
        bit_set(table->cloexec, (unsigned)fd, on);
        result = 0;
    }
    spin_unlock(&table->lock);
    return result;
}

int
fdtable_next(struct fdtable *table, int min)
{
    spin_lock(&table->lock);
    unsigned fd = bit_find(table->used, (unsigned)min, 0);
    spin_unlock(&table->lock);
    return fd < FDTABLE_MAX ? (int)fd : -EBADF;
}
