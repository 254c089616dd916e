#include <inodes.h>
#include <prog.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct inode_slot {
    bool used;
    dev_t device;
    ino_t ino;
    void *value;
};

/* The slot of an inode, or the free one that it would take. */
static struct inode_slot *
find_slot_of(const struct inode_table *t, dev_t device, ino_t ino)
{
    size_t i = (ino * 31 + device) & (t->room - 1);

    while (t->slots[i].used &&
           (t->slots[i].ino != ino || t->slots[i].device != device))
        i = (i + 1) & (t->room - 1);
    return &t->slots[i];
}

/* Keeps at least half of the slots free. */
static void
grow_table(struct inode_table *t)
{
    struct inode_table bigger = {.room = t->room ? t->room * 2 : 64,
                                 .count = t->count};
    size_t size = bigger.room * sizeof(*bigger.slots);

    bigger.slots = memset(prog_realloc(NULL, size), 0, size);
    for (size_t i = 0; i < t->room; i++)
        if (t->slots[i].used)
            *find_slot_of(&bigger, t->slots[i].device, t->slots[i].ino) =
                t->slots[i];
    free(t->slots);
    *t = bigger;
}

void **
inode_table_at(struct inode_table *t, dev_t device, ino_t ino)
{
    struct inode_slot *slot;

    if (t->count * 2 >= t->room)
        grow_table(t);
    slot = find_slot_of(t, device, ino);
    if (!slot->used) {
        *slot = (struct inode_slot){.used = true, .device = device, .ino = ino};
        t->count++;
    }
    return &slot->value;
}
