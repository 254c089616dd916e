#include "fs/fdtable.h"

#include "abi/errno.h"
#include "fs/file.h"
#include "fs/record_lock.h"
#include "lib/string.h"
#include "mm/slab.h"

#define FIRST_LEN 16u /* descriptors a new table has room for */

struct slot {
    struct file *file; /* with a reference; NULL: free */
    bool cloexec;
};

/* private to the owner */
struct fdtable {
    struct slot *slots;
    unsigned len;
    unsigned free_from; /* none below is free */
};

static struct fdtable *
table_new(unsigned len)
{
    struct fdtable *table = kmalloc(sizeof(*table));
    struct slot *slots = kzalloc(len * sizeof(*slots));
    if (!table || !slots) {
        kfree(table);
        kfree(slots);
        return NULL;
    }
    *table = (struct fdtable){.slots = slots, .len = len};
    return table;
}

struct fdtable *
fdtable_create(void)
{
    return table_new(FIRST_LEN);
}

struct fdtable *
fdtable_clone(const struct fdtable *table)
{
    struct fdtable *copy = table_new(table->len);
    if (!copy)
        return NULL;
    copy->free_from = table->free_from;
    for (unsigned fd = 0; fd < table->len; fd++) {
        copy->slots[fd] = table->slots[fd];
        if (copy->slots[fd].file)
            file_ref(copy->slots[fd].file);
    }
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
fdtable_destroy(struct fdtable *table)
{
    for (unsigned fd = 0; fd < table->len; fd++)
        if (table->slots[fd].file)
            let_go(table, table->slots[fd].file);
    kfree(table->slots);
    kfree(table);
}

/* Makes room for descriptor fd. */
static int
grow(struct fdtable *table, unsigned fd)
{
    unsigned len = table->len;
    while (len <= fd)
        len *= 2;
    struct slot *slots = kzalloc(len * sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    memcpy(slots, table->slots, table->len * sizeof(*slots));
    kfree(table->slots);
    table->slots = slots;
    table->len = len;
    return 0;
}

/* Makes fd, which is free, refer to file. */
static int
set(struct fdtable *table, unsigned fd, struct file *file, bool cloexec)
{
    int err = fd < table->len ? 0 : grow(table, fd);
    if (err) {
        file_put(file);
        return err;
    }
    table->slots[fd] = (struct slot){file, cloexec};
    return (int)fd;
}

int
fdtable_install(struct fdtable *table, struct file *file, int min, bool cloexec)
{
    unsigned fd = MAX((unsigned)min, table->free_from);
    while (fd < table->len && table->slots[fd].file)
        fd++;
    if (fd >= FDTABLE_MAX) {
        file_put(file);
        return (unsigned)min >= FDTABLE_MAX ? -EINVAL : -EMFILE;
    }
    int result = set(table, fd, file, cloexec);
    if (result >= 0 && (unsigned)min <= table->free_from)
        table->free_from = fd + 1;
    return result;
}

static struct slot *
slot_of(const struct fdtable *table, int fd)
{
    if ((unsigned)fd >= table->len || !table->slots[fd].file)
        return NULL;
    return &table->slots[fd];
}

struct file *
fdtable_get(const struct fdtable *table, int fd)
{
    return (unsigned)fd < table->len ? table->slots[fd].file : NULL;
}

int
fdtable_close(struct fdtable *table, int fd)
{
    struct slot *slot = slot_of(table, fd);
    if (!slot)
        return -EBADF;
    struct file *file = slot->file;
    slot->file = NULL;
    table->free_from = MIN(table->free_from, (unsigned)fd);
    let_go(table, file);
    return 0;
}

void
fdtable_close_on_exec(struct fdtable *table)
{
    for (unsigned fd = 0; fd < table->len; fd++) {
        if (table->slots[fd].file && table->slots[fd].cloexec &&
            fdtable_close(table, (int)fd) < 0)
            return;
    }
}

int
fdtable_replace(struct fdtable *table, int fd, struct file *file, bool cloexec)
{
    if ((unsigned)fd >= FDTABLE_MAX) {
        file_put(file);
        return -EBADF;
    }
    struct file *old = fdtable_get(table, fd);
    int result = set(table, (unsigned)fd, file, cloexec);
    if (old)
        let_go(table, old);
    return result;
}

int
fdtable_get_cloexec(const struct fdtable *table, int fd)
{
    const struct slot *slot = slot_of(table, fd);
    return slot ? slot->cloexec : -EBADF;
}

int
fdtable_set_cloexec(struct fdtable *table, int fd, bool on)
{
    struct slot *slot = slot_of(table, fd);
    if (!slot)
        return -EBADF;
    slot->cloexec = on;
    return 0;
}
