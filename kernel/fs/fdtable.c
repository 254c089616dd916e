#include "fs/fdtable.h"

#include "fs/file.h"
#include "fs/record_lock.h"
#include "lib/refcount.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/borrow.h"

#define FIRST_LEN 16u /* descriptors a new table has room for */

static void
table_lock(struct fdtable *table) NO_LOCK_CHECK
{
    if (unlikely(table->is_shared))
        spin_lock(&table->lock);
}

static void
table_unlock(struct fdtable *table) NO_LOCK_CHECK
{
    if (unlikely(table->is_shared))
        spin_unlock(&table->lock);
}

static struct fdtable *
table_new(unsigned len)
{
    struct fdtable *table = kmalloc(sizeof(*table));
    struct fd_slot *slots = kzalloc(len * sizeof(*slots));
    if (!table || !slots) {
        kfree(table);
        kfree(slots);
        return NULL;
    }
    *table = (struct fdtable){
        .slots = slots, .len = len, .refs = 1, .limit = FDTABLE_MAX};
    spin_init(&table->lock, "fdtable", RANK_FDTABLE);
    return table;
}

struct fdtable *
fdtable_create(void)
{
    return table_new(FIRST_LEN);
}

void
fdtable_set_limit(struct fdtable *table, uint64_t limit)
{
    WRITE_ONCE(table->limit, (unsigned)MIN(limit, (uint64_t)FDTABLE_MAX));
}

void
fdtable_set_shared(struct fdtable *table)
{
    table->is_shared = true;
}

struct fdtable *
fdtable_share(struct fdtable *table)
{
    table->is_shared = true;
    refcount_add(&table->refs);
    return table;
}

struct fdtable *
fdtable_watch(struct fdtable *table, bool **shared)
{
    if (!table->is_shared) {
        *shared = &table->is_shared;
        __atomic_store_n(&table->is_wanted, true, __ATOMIC_RELEASE);
    }
    refcount_add(&table->refs);
    return table;
}

int
fdtable_next(struct fdtable *table, int after)
{
    table_lock(table);
    int fd = after + 1;
    while ((unsigned)fd < table->len && !table->slots[fd].file)
        fd++;
    fd = (unsigned)fd < table->len ? fd : -1;
    table_unlock(table);
    return fd;
}

struct fdtable *
fdtable_clone(struct fdtable *table)
{
    struct fdtable *copy = table_new(READ_ONCE(table->len));
    if (!copy)
        return NULL;
    table_lock(table);
    copy->free_from = table->free_from;
    copy->limit = table->limit;
    for (unsigned fd = 0; fd < MIN(copy->len, table->len); fd++) {
        copy->slots[fd] = table->slots[fd];
        if (copy->slots[fd].file)
            file_ref(copy->slots[fd].file);
    }
    table_unlock(table);
    return copy;
}

/* Lets go of a file that was a descriptor's. */
static void
let_go(const struct fdtable *table, struct file *file)
{
    record_lock_drop(table, file);
    file_put(file);
}

void
fdtable_put(struct fdtable *table)
{
    if (!refcount_drop(&table->refs))
        return;
    for (unsigned fd = 0; fd < table->len; fd++)
        if (table->slots[fd].file)
            let_go(table, table->slots[fd].file);
    kfree(table->slots);
    kfree(table);
}

struct fdtable *
fdtable_own(struct fdtable *table)
{
    return refcount_read(&table->refs) > 1 ? fdtable_clone(table) : table;
}

void
fdtable_close_on_exec(struct fdtable *table)
{
    for (unsigned fd = 0; fd < table->len; fd++) {
        const struct fd_slot *slot = &table->slots[fd];
        if (slot->file && slot->cloexec && fdtable_close(table, (int)fd) < 0)
            return;
    }
}

/* Makes room for descriptor fd. */
static int
grow(struct fdtable *table, unsigned fd)
{
    unsigned len = table->len;
    while (len <= fd)
        len *= 2;
    struct fd_slot *slots = kzalloc(len * sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    memcpy(slots, table->slots, table->len * sizeof(*slots));
    kfree(table->slots);
    table->slots = slots;
    table->len = len;
    return 0;
}

/* Makes fd refer to file; what it was before is the caller's. */
static int
set(struct fdtable *table, unsigned fd, struct file *file, bool cloexec)
{
    int err = fd < table->len ? 0 : grow(table, fd);
    if (err)
        return err;
    table->slots[fd] = (struct fd_slot){file, cloexec};
    return (int)fd;
}

static int
install(struct fdtable *table, struct file *file, unsigned min, bool cloexec)
{
    unsigned fd = MAX(min, table->free_from);
    while (fd < table->len && table->slots[fd].file)
        fd++;
    unsigned limit = READ_ONCE(table->limit);
    if (fd >= limit)
        return min >= limit ? -EINVAL : -EMFILE;
    int result = set(table, fd, file, cloexec);
    if (result >= 0 && min <= table->free_from)
        table->free_from = fd + 1;
    return result;
}

static NOINLINE int
install_slowly(struct fdtable *table, struct file *file, int min, bool cloexec)
{
    table_lock(table);
    int result = install(table, file, (unsigned)min, cloexec);
    table_unlock(table);
    if (result < 0)
        file_put(file);
    return result;
}

int
fdtable_install(struct fdtable *table, struct file *file, int min, bool cloexec)
{
    if (unlikely(table->is_shared))
        return install_slowly(table, file, min, cloexec);
    unsigned fd = table->free_from;
    if (unlikely((unsigned)min > fd || fd >= table->len || fd >= table->limit ||
                 table->slots[fd].file))
        return install_slowly(table, file, min, cloexec);
    table->slots[fd] = (struct fd_slot){file, cloexec};
    table->free_from = fd + 1;
    return (int)fd;
}

static struct fd_slot *
slot_of(const struct fdtable *table, int fd)
{
    if ((unsigned)fd >= table->len || !table->slots[fd].file)
        return NULL;
    return &table->slots[fd];
}

struct file *
fdtable_get_ref(struct fdtable *table, int fd)
{
    table_lock(table);
    const struct fd_slot *slot = slot_of(table, fd);
    struct file *file = slot ? file_ref(slot->file) : NULL;
    table_unlock(table);
    return file;
}

struct file *
fdtable_borrow(struct fdtable *table, int fd)
{
    struct file *file = fdtable_get_ref(table, fd);
    if (file)
        thread_borrow(file);
    return file;
}

void
fdtable_end_call(struct fdtable *table)
{
    struct file *file;
    if (READ_ONCE(table->is_wanted))
        table->is_shared = true;
    while ((file = thread_give_back()) != NULL)
        file_put(file);
}

/* Frees fd. Returns what it was, with its reference, or NULL. */
static inline struct file *
take(struct fdtable *table, int fd)
{
    struct fd_slot *slot = slot_of(table, fd);
    if (!slot)
        return NULL;
    struct file *file = slot->file;
    slot->file = NULL;
    table->free_from = MIN(table->free_from, (unsigned)fd);
    return file;
}

static NOINLINE struct file *
take_shared(struct fdtable *table, int fd)
{
    spin_guard(&table->lock);
    return take(table, fd);
}

int
fdtable_close(struct fdtable *table, int fd)
{
    struct file *file =
        unlikely(table->is_shared) ? take_shared(table, fd) : take(table, fd);
    if (!file)
        return -EBADF;
    let_go(table, file);
    return 0;
}

int
fdtable_replace(struct fdtable *table, int fd, struct file *file, bool cloexec)
{
    struct file *old = NULL;
    int result = -EBADF;
    if ((unsigned)fd < READ_ONCE(table->limit)) {
        table_lock(table);
        const struct fd_slot *slot = slot_of(table, fd);
        old = slot ? slot->file : NULL;
        result = set(table, (unsigned)fd, file, cloexec);
        table_unlock(table);
    }
    if (result < 0)
        old = file;
    if (old)
        let_go(table, old);
    return result;
}

/* Sets the mark to *on, unless on is NULL. Returns what it was. */
static int
cloexec(struct fdtable *table, int fd, const bool *on)
{
    table_lock(table);
    struct fd_slot *slot = slot_of(table, fd);
    int result = slot ? slot->cloexec : -EBADF;
    if (slot && on)
        slot->cloexec = *on;
    table_unlock(table);
    return result;
}

int
fdtable_get_cloexec(struct fdtable *table, int fd)
{
    return cloexec(table, fd, NULL);
}

int
fdtable_set_cloexec(struct fdtable *table, int fd, bool on)
{
    return MIN(cloexec(table, fd, &on), 0);
}
