/* Address spaces in which no program runs: areas are added and taken out, pages
 * touched, spaces copied, and what has become of them is looked at. */
#include "grade.h"
#include "abi/mman.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"
#include "mm/slab.h"
#include "mm/uaccess.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define SPACES  4u
#define OBJECTS 2u
#define PAGES   16u /* of an object */

static struct space *home; /* where the thread lives between operations */
static struct space *spaces[SPACES];

/* ---- What other files call ---- */

static bool counting;
static unsigned fails_at,
    asked;               /* from which allocation on there is none; 0: never */
static unsigned revokes; /* calls of space_revoke */
static uint64_t revoked_from, revoked_to;
static unsigned dropped_early; /* frames let go of that a hart may reach */

// WRAP: frame_alloc frame_alloc_zeroed kmalloc space_revoke frame_unref
void *__wrap_frame_alloc(unsigned order);
void *__real_frame_alloc(unsigned order);
void *__wrap_frame_alloc_zeroed(unsigned order);
void *__real_frame_alloc_zeroed(unsigned order);
void *__wrap_kmalloc(size_t size);
void *__real_kmalloc(size_t size);
void __wrap_space_revoke(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);
void __real_space_revoke(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);
void __wrap_frame_unref(void *frame);
void __real_frame_unref(void *frame);

static bool
is_to_fail(void)
{
    return counting && fails_at > 0 && ++asked >= fails_at;
}

void *
__wrap_frame_alloc(unsigned order)
{
    void *block = is_to_fail() ? NULL : __real_frame_alloc(order);
    if (block && counting && order == 0)
        memset(block, 0xa5, PAGE_SIZE);
    return block;
}

void *
__wrap_frame_alloc_zeroed(unsigned order)
{
    return is_to_fail() ? NULL : __real_frame_alloc_zeroed(order);
}

void *
__wrap_kmalloc(size_t size)
{
    return is_to_fail() ? NULL : __real_kmalloc(size);
}

void
__wrap_space_revoke(struct space *space, uint64_t start, uint64_t end)
{
    if (counting) {
        revokes++;
        revoked_from = start;
        revoked_to = end;
    }
    __real_space_revoke(space, start, end);
}

void
__wrap_frame_unref(void *frame)
{
    dropped_early += counting && revokes == 0;
    __real_frame_unref(frame);
}

/* ---- Objects ---- */

/* An object whose pages are there, and what was asked of it. */
static struct shown {
    struct object object;
    void *frames[PAGES];
    int refs;
    unsigned asked, for_writing; /* calls of get_page */
    uint64_t last;               /* page it was called for */
    unsigned event;              /* what happens during the next call */
    struct space *at;            /* where, to the page at va */
    uint64_t va;
    bool locked; /* a call came under a spin lock */
} objects[OBJECTS];

enum event {
    EVENT_NONE,
    EVENT_UNMAP,   /* the area goes */
    EVENT_CHANGE,  /* the object's pages are taken away, and others come */
    EVENT_REPLACE, /* fresh memory comes in the area's place */
    EVENT_ERROR,   /* the disk does not answer */
    EVENT_SHARE,   /* the same page comes in the area's place, but shared */
};

static void
fill(void *frame, uint64_t mark)
{
    uint64_t *words = frame;
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(*words); i++)
        words[i] = mark + i;
}

static int
come_to_pass(struct shown *o)
{
    unsigned event = o->event;
    struct area fresh = {.start = o->va,
                         .end = o->va + PAGE_SIZE,
                         .prot = PROT_READ | PROT_WRITE};
    o->event = EVENT_NONE;
    if (event == EVENT_ERROR)
        return -EIO;
    if (event == EVENT_UNMAP)
        return space_unmap(o->at, o->va, PAGE_SIZE);
    if (event == EVENT_SHARE) {
        fresh.flags = AREA_SHARED;
        fresh.object = &o->object;
        fresh.handle = o;
        fresh.offset = o->last * PAGE_SIZE;
    }
    if (event == EVENT_REPLACE || event == EVENT_SHARE)
        return space_map(o->at, &fresh, SPACE_REPLACE);
    if (event == EVENT_CHANGE) {
        for (unsigned i = 0; i < PAGES; i++)
            fill(o->frames[i], ~*(uint64_t *)o->frames[i]);
        object_unmap(&o->object, 0, false);
    }
    return 0;
}

static int
get_page(void *handle, uint64_t index, bool write, void **frame)
{
    struct shown *o = handle;
    o->asked++;
    o->for_writing += write;
    o->last = index;
    o->locked |= this_cpu()->last_lock != NULL;
    if (index >= PAGES)
        return -ENXIO;
    uint64_t *page = o->frames[index];
    if (o->event == EVENT_CHANGE) {
        /* What is found now is no longer what the object has. */
        page = __real_frame_alloc(0);
        if (!page)
            panic("grade: no memory");
        memcpy(page, o->frames[index], PAGE_SIZE);
    } else {
        frame_ref(page);
    }
    int error = come_to_pass(o);
    if (error != 0)
        __real_frame_unref(page);
    else
        *frame = page;
    return error;
}

static void
ref(void *handle)
{
    ((struct shown *)handle)->refs++;
}

static void
unref(void *handle)
{
    ((struct shown *)handle)->refs--;
}

static const struct object_ops ops = {
    .get_page = get_page, .ref = ref, .unref = unref};

/* ---- Looking ---- */

static void
live_in(struct space *space)
{
    bool on = cpu_irq_save();
    cpu_thread()->space = space;
    space_switch(space);
    cpu_irq_restore(on);
}

static uint64_t
start_of(const struct area *area)
{
    return area ? area->start : 0;
}

/* Puts the areas by address; and whether the tree finds each of them. */
static void
put_areas(struct grade *g, struct space *space)
{
    spin_guard(&space->lock);
    uint32_t count = 0;
    list_for_each (struct area, a, &space->areas, node)
        count++;
    grade_put_u32(g, count);
    list_for_each (struct area, area, &space->areas, node) {
        const struct tree_node *node = tree_floor(space->tree, area->start);
        grade_put_u64(g, area->start);
        grade_put_u64(g, area->end);
        grade_put_u32(g, area->prot | area->flags << 8);
        grade_put_u64(g, area->object ? area->offset : 0);
        grade_put_u8(g,
                     area->object
                         ? (uint8_t)((struct shown *)area->handle - objects) + 1
                         : 0);
        grade_put_u8(g, node == &area->tree && area->space == space);
    }
    grade_put_u64(g, space->size);
    grade_put_u64(g, space->resident);
}

/* The entry for va at the lowest level, its frame's references, and the middle
 * one; whether it leads to a shared table, and how many share that. */
static void
put_entry(struct grade *g, struct space *space, uint64_t va)
{
    spin_guard(&space->lock);
    uint64_t *middle = pt_walk(space->root, va, 1, false);
    uint64_t *entry = pt_walk(space->root, va, 0, false);
    uint64_t value = entry ? *entry : 0;
    bool valid = value & PTE_V;
    void *frame = phys_to_virt(pte_address(value));
    grade_put_u64(g, value);
    grade_put_u32(g, valid ? frame_refs(frame) : 0);
    grade_put_u64(g, valid ? ((uint64_t *)frame)[0] : 0);
    grade_put_u64(g, valid ? ((uint64_t *)frame)[PT_ENTRIES - 1] : 0);
    grade_put_u8(g, middle && *middle & PTE_COW);
    grade_put_u32(g, middle && *middle & PTE_V
                         ? frame_refs(phys_to_virt(pte_address(*middle)))
                         : 0);
}

static void
put_object(struct grade *g, const struct shown *o)
{
    grade_put_u32(g, o->asked);
    grade_put_u32(g, o->for_writing);
    grade_put_u64(g, o->last);
    grade_put_u32(g, (uint32_t)o->refs);
    grade_put_u8(g, o->locked);
}

/* ---- Operations ---- */

struct op {
    char letter;
    unsigned i;
    uint64_t a, b, c;
};

static int
map(const struct op *op, struct space *space)
{
    struct area area = {.start = op->a,
                        .end = op->a + op->b,
                        .prot = op->c & 0xff,
                        .flags = op->c >> 8 & 0xff};
    unsigned object = op->c >> 16 & 0xff;
    if (object > 0) {
        area.object = &objects[object - 1].object;
        area.handle = &objects[object - 1];
        area.offset = (op->c >> 24) * PAGE_SIZE;
    }
    if (op->letter == 'M')
        return space_map(space, &area, SPACE_REPLACE);
    spin_guard(&space->lock);
    return area_add(space, &area);
}

/* Operations of mm/area.h, which want the lock. */
static uint64_t
ask_areas(const struct op *op, struct space *space)
{
    DEAD_AREAS(dead);
    spin_guard(&space->lock);
    switch (op->letter) {
    case 'f':
        return start_of(area_find(space, op->a));
    case 'n':
        return start_of(area_first_above(space, op->a));
    case 'e':
        return area_is_free(space, op->a, op->b);
    case 'c':
        return area_covers(space, op->a, op->b);
    case 'g':
        return area_find_gap(space, op->a);
    case 's':
        return (uint64_t)(int64_t)area_split(space, op->a, op->b);
    case 'm':
        area_merge(space, op->a, op->b);
        return 0;
    case 'r':
        area_remove(space, op->a, op->b, &dead);
        return 0;
    case 't':
        return start_of(area_grow_stack(space, op->a));
    case 'R':
        return area_rights((unsigned)op->a);
    case 'p': /* as mprotect: what is inside has other rights */
        list_for_each (struct area, a, &space->areas, node)
            if (a->start >= op->a && a->end <= op->b)
                a->prot = (unsigned)op->c;
        return 0;
    }
    panic("grade: there is no operation %c", op->letter);
}

/* Changes and accesses of whole spaces. */
static int64_t
carry_out(const struct op *op, struct space *space)
{
    uint64_t word = op->b;
    switch (op->letter) {
    case 'C':
        return space_clone(space, &spaces[op->a % SPACES]);
    case 'L':
        space_leave(space);
        space_unref(space);
        spaces[op->i] = NULL;
        return 0;
    case 'M':
    case 'a':
        return map(op, space);
    case 'U':
        return space_unmap(space, op->a, op->b);
    case 'P':
        return space_protect(space, op->a, op->b, (unsigned)op->c);
    case 'F':
        return space_fault(space, op->a, (unsigned)op->b);
    case 'W':
        live_in(space);
        return uaccess_write(uaddr(op->a), &word, sizeof(word));
    case 'S':
        space->limit_stack = op->a;
        space->limit_size = op->b;
        return 0;
    case 'V':
        objects[op->a % OBJECTS].event = (unsigned)op->b;
        objects[op->a % OBJECTS].at = space;
        objects[op->a % OBJECTS].va = op->c;
        return 0;
    default:
        return (int64_t)ask_areas(op, space);
    }
}

static void
begin(void)
{
    memset(spaces, 0, sizeof(spaces));
    for (unsigned i = 0; i < OBJECTS; i++) {
        struct shown *o = &objects[i];
        void *frames[PAGES];
        memcpy(frames, o->frames, sizeof(frames));
        memset(o, 0, sizeof(*o));
        object_init(&o->object, &ops);
        for (unsigned n = 0; n < PAGES; n++) {
            if (frames[n])
                __real_frame_unref(frames[n]);
            o->frames[n] = __real_frame_alloc(0);
            if (!o->frames[n])
                panic("grade: no memory");
        }
    }
}

static void
end(void)
{
    live_in(home);
    for (unsigned i = 0; i < SPACES; i++)
        if (spaces[i]) {
            space_leave(spaces[i]);
            space_unref(spaces[i]);
        }
}

static void
setup(void)
{
    if (space_create(&home) != 0)
        panic("grade: no memory for a space");
    live_in(home);
}
GRADE_SETUP(setup);

/* What the pages of the objects hold: a mark each, which the words count on
 * from. Then operations, a letter each, with a space and three numbers, and
 * from which allocation on they fail, 0 for never. Each puts its result; X, E
 * and O put areas, an entry, an object; Z how many frames are free. */
static void
script(struct grade *g)
{
    begin();
    for (unsigned i = 0; i < OBJECTS * PAGES; i++)
        fill(objects[i / PAGES].frames[i % PAGES], grade_u64(g));
    for (const char *letter = grade_string(g); *letter; letter++) {
        struct op op = {.letter = *letter};
        op.i = grade_u8(g) % SPACES;
        op.a = grade_u64(g);
        op.b = grade_u64(g);
        op.c = grade_u64(g);
        fails_at = grade_u32(g);
        struct space *space = spaces[op.i];
        if (*letter == 'N') {
            if (space_create(&spaces[op.i]) != 0)
                panic("grade: no memory for a space");
        } else if (*letter == 'X') {
            put_areas(g, space);
        } else if (*letter == 'E') {
            put_entry(g, space, op.a);
        } else if (*letter == 'O') {
            put_object(g, &objects[op.a % OBJECTS]);
        } else if (*letter == 'Z') {
            grade_put_u64(g, frame_count_free());
        } else {
            asked = revokes = dropped_early = 0;
            counting = true;
            int64_t result = carry_out(&op, space);
            counting = false;
            live_in(home);
            grade_put_u64(g, (uint64_t)result);
            grade_put_u32(g, revokes);
            grade_put_u32(g, dropped_early);
            grade_put_u64(g, revokes ? revoked_from : 0);
            grade_put_u64(g, revokes ? revoked_to : 0);
        }
    }
    end();
}

GRADE_CASES({"script", script});
