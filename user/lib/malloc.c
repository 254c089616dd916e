#include <stdlib.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The heap is a row of blocks, each a header and its memory, in address
 * order. A header knows its own size and that of the block before it, so
 * that free finds both neighbours and joins them. Free blocks also stand in
 * one list by power of two of their size. A last, used header of size 0 ends
 * the row. Blocks of at least MAP_SIZE come from mmap instead. */

#define ALIGNMENT 16ul
#define MAP_SIZE  (128ul << 10)
#define GROWTH    (16ul << 10)
#define LISTS     40

enum { USED = 1, MAPPED = 2, FLAG_BITS = 15 };

struct block {
    size_t before; /* size of the block before this one, 0 if it is first */
    size_t size;   /* bytes with this header, and flags in the low bits */
};

/* A free block; the links lie in what is the owner's memory when used. */
struct free_block {
    struct block block;
    struct free_block *next, **link;
};

static struct free_block *lists[LISTS];
static struct block *row_end; /* the row's end */

static size_t
bytes_of(const struct block *b)
{
    return b->size & ~(size_t)FLAG_BITS;
}

static struct block *
after(struct block *b)
{
    return (struct block *)((char *)b + bytes_of(b));
}

static struct block *
block_of(void *memory)
{
    return (struct block *)memory - 1;
}

static size_t
list_of(size_t size)
{
    size_t i = 0;

    while (i < LISTS - 1 && (size >> (i + 1)) != 0)
        i++;
    return i;
}

static void
list_add(struct block *b)
{
    struct free_block *f = (struct free_block *)b;
    struct free_block **head = &lists[list_of(bytes_of(b))];

    f->next = *head;
    f->link = head;
    if (f->next)
        f->next->link = &f->next;
    *head = f;
}

static void
list_remove(struct block *b)
{
    struct free_block *f = (struct free_block *)b;

    *f->link = f->next;
    if (f->next)
        f->next->link = f->link;
}

/* Gives b a size and tells its successor. */
static void
set_size(struct block *b, size_t size, size_t flags)
{
    b->size = size | flags;
    after(b)->before = size;
}

static void
release(struct block *b)
{
    size_t size = bytes_of(b);
    struct block *next = after(b);

    if (!(next->size & USED)) {
        list_remove(next);
        size += bytes_of(next);
    }
    if (b->before > 0) {
        struct block *previous = (struct block *)((char *)b - b->before);
        if (!(previous->size & USED)) {
            list_remove(previous);
            size += bytes_of(previous);
            b = previous;
        }
    }
    set_size(b, size, 0);
    list_add(b);
}

/* Appends at least size bytes to the row; false when memory is short. */
static bool
grow_heap(size_t size)
{
    size_t bytes = (size + sizeof(struct block) + GROWTH - 1) & -GROWTH;
    char *start = sbrk((intptr_t)bytes);
    struct block *b;

    if (start == (char *)-1)
        return false;
    if (row_end && (char *)(row_end + 1) == start) {
        b = row_end;
        bytes += sizeof(struct block);
    } else {
        size_t slack = -(uintptr_t)start & (ALIGNMENT - 1);
        b = (struct block *)(start + slack);
        b->before = 0;
        bytes = (bytes - slack) & -ALIGNMENT;
    }
    b->size = (bytes - sizeof(struct block)) | USED;
    row_end = after(b);
    row_end->size = USED;
    set_size(b, bytes_of(b), USED);
    release(b);
    return true;
}

/* Cuts b, which is in no list, to size and frees what is left over. */
static void
trim(struct block *b, size_t size)
{
    size_t rest = bytes_of(b) - size;

    if (rest < sizeof(struct free_block)) {
        set_size(b, bytes_of(b), USED);
        return;
    }
    set_size(b, size, USED);
    b = after(b);
    set_size(b, rest, USED);
    release(b);
}

static struct block *
find_free(size_t size)
{
    for (size_t i = list_of(size); i < LISTS; i++)
        for (struct free_block *f = lists[i]; f; f = f->next)
            if (bytes_of(&f->block) >= size)
                return &f->block;
    return NULL;
}

static void *
map(size_t size)
{
    struct block *b = mmap(NULL, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (b == MAP_FAILED)
        return NULL;
    b->size = size | USED | MAPPED;
    return b + 1;
}

/* The block size for a request, or 0 if there can be none. */
static size_t
block_size(size_t size)
{
    size_t least = sizeof(struct free_block);

    if (size > SIZE_MAX / 2)
        return 0;
    size = (size + sizeof(struct block) + ALIGNMENT - 1) & -ALIGNMENT;
    return size < least ? least : size;
}

/* A block of the row; NULL when memory is short. */
static struct block *
take_block(size_t size)
{
    struct block *b = find_free(size);

    if (!b && grow_heap(size))
        b = find_free(size);
    if (b) {
        list_remove(b);
        trim(b, size);
    }
    return b;
}

void *
malloc(size_t wanted)
{
    size_t size = block_size(wanted);
    struct block *b;
    void *memory;

    if (size >= MAP_SIZE && (memory = map(size)))
        return memory;
    if (size != 0 && (b = take_block(size)))
        return b + 1;
    errno = ENOMEM;
    return NULL;
}

/* What lies before the place is a free block, or nothing. */
void *
aligned_alloc(size_t alignment, size_t wanted)
{
    size_t size = block_size(wanted), gap;
    struct block *b, *first;

    if (alignment <= ALIGNMENT)
        return malloc(wanted);
    if (size == 0 || alignment > SIZE_MAX / 4 ||
        !(first = take_block(size + 2 * alignment))) {
        errno = ENOMEM;
        return NULL;
    }
    gap = -(uintptr_t)(first + 1) & (alignment - 1);
    if (gap == 0) {
        trim(first, size);
        return first + 1;
    }
    if (gap < sizeof(struct free_block))
        gap += alignment;
    b = (struct block *)((char *)first + gap);
    b->size = (bytes_of(first) - gap) | USED;
    set_size(first, gap, USED);
    release(first);
    trim(b, size);
    return b + 1;
}

void
free(void *memory)
{
    struct block *b = block_of(memory);

    if (!memory)
        return;
    if (b->size & MAPPED)
        munmap(b, bytes_of(b));
    else
        release(b);
}

void *
calloc(size_t count, size_t size)
{
    void *memory;

    if (size && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    memory = malloc(count * size);
    if (memory && !(block_of(memory)->size & MAPPED))
        memset(memory, 0, count * size);
    return memory;
}

void *
realloc(void *memory, size_t wanted)
{
    struct block *b = block_of(memory);
    size_t size = block_size(wanted), have;
    void *moved;

    if (!memory)
        return malloc(wanted);
    have = bytes_of(b) - sizeof(struct block);
    if (size && size <= bytes_of(b)) {
        if (!(b->size & MAPPED))
            trim(b, size);
        return memory;
    }
    moved = malloc(wanted);
    if (moved) {
        memcpy(moved, memory, have);
        free(memory);
    }
    return moved;
}
