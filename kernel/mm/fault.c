#include "abi/mman.h"
#include "arch/barrier.h"
#include "arch/tlb.h"
#include "lib/string.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"
#include "trace/trace.h"

bool (*space_find_memory)(unsigned tries);

bool
space_tries_again(int *error, unsigned *tries)
{
    if (*error != -EAGAIN)
        return false;
    if (space_find_memory && space_find_memory((*tries)++))
        return true;
    *error = -ENOMEM;
    return false;
}

/* An access that has to be made possible, and the page of an object that it
 * needs: that is fetched without the space's lock, and then all is looked at
 * anew. */
struct fault {
    uint64_t va;
    unsigned access; /* PROT_* that any of will do */
    bool write;
    struct object *object; /* NULL: none was needed yet */
    void *handle;          /* with a reference */
    uint64_t index, changes;
    bool changing; /* the object's page itself, not a copy, will be written */
    void *frame;   /* with a reference; NULL: not fetched */
};

static bool
will_change(const struct fault *fault, const struct area *area)
{
    return fault->write && (area->flags & AREA_SHARED);
}

/* Says which page is needed. Returns -EAGAIN, or -EFAULT if the thread cannot
 * wait for it. */
static int
want_page(struct fault *fault, const struct area *area)
{
    if (cpu_thread()->no_waiting)
        return -EFAULT;
    if (fault->object)
        return -EAGAIN; /* first the old one has to be put */
    fault->object = area->object;
    fault->handle = area->handle;
    fault->object->ops->ref(fault->handle);
    fault->index = area_page(area, fault->va);
    fault->changing = will_change(fault, area);
    fault->changes = READ_ONCE(area->object->changes);
    return -EAGAIN;
}

/* Whether the page that was fetched is the one that is needed, still. */
static bool
has_page(const struct fault *fault, const struct area *area)
{
    return fault->frame && fault->object == area->object &&
           fault->index == area_page(area, fault->va) &&
           fault->changing == will_change(fault, area) &&
           fault->changes == READ_ONCE(area->object->changes);
}

/* Maps a page that was not there. */
static int
map_page(struct space *space, struct area *area, struct fault *fault,
         uint64_t *entry) REQUIRES(space->lock)
{
    uint64_t rights = area_rights(area->prot);
    bool shared = area->flags & AREA_SHARED;
    void *frame;
    if (area->object && !has_page(fault, area))
        return want_page(fault, area);
    if (!area->object) {
        frame = frame_alloc_zeroed(0);
    } else if (shared || !fault->write) {
        frame = fault->frame;
        fault->frame = NULL;
        if (!shared)
            rights |= PTE_COW;
        if (!fault->write)
            rights &= ~PTE_W;
    } else {
        frame = frame_alloc(0);
        if (frame)
            memcpy(frame, fault->frame, PAGE_SIZE);
    }
    if (!frame)
        return -ENOMEM;
    barrier_write(); /* no hart finds the frame before what it holds */
    *entry = pt_leaf(virt_to_phys(frame), rights);
    space->resident += PAGE_SIZE;
    return 0;
}

/* Gives the space a copy of its own of a shared page. Nobody may go on using
 * the shared frame before this one lets go of it. */
static int
break_sharing(struct space *space, uint64_t va, uint64_t *entry,
              uint64_t rights) REQUIRES(space->lock)
{
    void *shared = phys_to_virt(pte_address(*entry));
    if (frame_refs(shared) == 1) {
        *entry = pt_leaf(virt_to_phys(shared), rights);
        tlb_flush_page(va, space->asid);
        return 0;
    }
    void *copy = frame_alloc(0);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, shared, PAGE_SIZE);
    barrier_write();
    *entry = pt_leaf(virt_to_phys(copy), rights);
    va = ALIGN_DOWN(va, PAGE_SIZE);
    space_revoke(space, va, va + PAGE_SIZE);
    frame_unref(shared);
    return 0;
}

static int
fault_locked(struct space *space, struct fault *fault) REQUIRES(space->lock)
{
    struct area *area = area_find(space, fault->va);
    if (!area)
        area = area_grow_stack(space, fault->va);
    if (!area || !(area->prot & fault->access))
        return area ? -EACCES : -EFAULT;
    uint64_t *entry = pt_walk(space->root, fault->va, 0, true);
    if (!entry && space_own_tables(space, fault->va, fault->va + 1) == 0)
        entry = pt_walk(space->root, fault->va, 0, true);
    if (!entry)
        return -ENOMEM;
    if (!(*entry & PTE_V))
        return map_page(space, area, fault, entry);

    uint64_t rights = area_rights(area->prot);
    if (*entry & PTE_COW) {
        if (fault->write)
            return break_sharing(space, fault->va, entry, rights);
        rights = (rights & ~PTE_W) | PTE_COW;
    } else if (area->object && area->flags & AREA_SHARED && !(*entry & PTE_W)) {
        /* The object has to know that the page changes. */
        if (!fault->write)
            rights &= ~PTE_W;
        else if (!has_page(fault, area))
            return want_page(fault, area);
    }
    /* mprotect gave rights, or this hart had cached their absence. */
    *entry = pt_leaf(pte_address(*entry), rights);
    tlb_flush_page(fault->va, space->asid);
    return 0;
}

static void
put_page(struct fault *fault)
{
    if (fault->frame)
        frame_unref(fault->frame);
    if (fault->object)
        fault->object->ops->unref(fault->handle);
    fault->frame = NULL;
    fault->object = NULL;
}

static int
try_fault(struct space *space, struct fault *fault)
{
    for (;;) {
        spin_lock(&space->lock);
        int error = fault_locked(space, fault);
        spin_unlock(&space->lock);
        if (error != -EAGAIN)
            return error;
        if (fault->frame) {
            put_page(fault); /* it was another one, or is no longer */
            continue;
        }
        error = fault->object->ops->get_page(fault->handle, fault->index,
                                             fault->changing, &fault->frame);
        if (error != 0)
            return error;
    }
}

int
space_fault(struct space *space, uint64_t va, unsigned access)
{
    struct fault fault = {
        .va = va, .access = access, .write = access == PROT_WRITE};
    if (access == PROT_READ) /* any right lets it be read */
        fault.access |= PROT_WRITE | PROT_EXEC;
    for (unsigned tries = 0;; tries++) {
        int error = try_fault(space, &fault);
        put_page(&fault);
        if (trace_on(page) && error == 0)
            space_trace_page(space, va);
        if (access == PROT_EXEC && error == 0)
            tlb_sync_instructions();
        if (error != -ENOMEM || !space_find_memory || !space_find_memory(tries))
            return error;
    }
}
