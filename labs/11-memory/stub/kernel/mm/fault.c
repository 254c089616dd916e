#include "abi/mman.h"
#include "arch/barrier.h"
#include "arch/tlb.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"

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

/* Notes in *fault which page of the area's object is needed, with a reference
 * to the handle, whether it will change, and the object's count of changes as
 * it is now. Returns -EAGAIN: somebody without the lock has to fetch it. If
 * another one is noted already that has to be put first, so this does nothing;
 * and if the thread cannot wait for pages of files (no_waiting) it is -EFAULT.
 */
static int
want_page(struct fault *fault, const struct area *area)
{
    LAB_TODO(11);
}

/* Whether the page that was fetched is the one that is needed, still: the same
 * object, page and purpose, and no page was taken away since it was noted. */
static bool
has_page(const struct fault *fault, const struct area *area)
{
    LAB_TODO(11);
}

/* Maps a page that was not there, by what the area shows:
 *
 *   nothing                          a frame of zeros
 *   an object, shared                its page; writable from the first write on
 *   an object, private, a read       its page, not writable, PTE_COW
 *   an object, private, a write      a copy of its page
 *
 * A frame of the fault's that is entered keeps the fault's reference. Page
 * table and memory are read by other harts: barrier_write first. -EAGAIN: the
 * object's page has to be fetched (want_page). The space has a page more
 * (resident). */
static int
map_page(struct space *space, struct area *area, struct fault *fault,
         uint64_t *entry) REQUIRES(space->lock)
{
    LAB_TODO(11);
}

/* The entry is PTE_COW, and this is a write. Who is the last to have the frame
 * keeps it and gets the rights (tlb_flush_page: this hart knows the old entry).
 * Who is not gets a copy; and before the frame is let go of, all harts forget
 * the old entry (space_revoke): why not afterwards? */
static int
break_sharing(struct space *space, uint64_t va, uint64_t *entry,
              uint64_t rights) REQUIRES(space->lock)
{
    LAB_TODO(11);
}

/* Under the lock, with all of it looked at anew each time. No area (nor a stack
 * that may grow): -EFAULT. None of the rights: -EACCES. No table, and none to
 * be had: -ENOMEM; a table that is another space's, too, is made this one's own
 * first (space_own_tables).
 *
 * Then by the entry: not valid (map_page); PTE_COW, which a write breaks and a
 * read leaves as it is; of an object that is shared, without PTE_W: a read
 * leaves it so, a write has to have the page from the object first, which so
 * knows that it changes. Else it is there, and the entry gets the area's
 * rights. */
static int
fault_locked(struct space *space, struct fault *fault) REQUIRES(space->lock)
{
    LAB_TODO(11);
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

/* fault_locked until it says something else than -EAGAIN; between, without the
 * lock, the page that it noted is fetched (get_page). One that was fetched in
 * vain is put first. */
static int
try_fault(struct space *space, struct fault *fault)
{
    LAB_TODO(11);
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
        if (access == PROT_EXEC && error == 0)
            tlb_sync_instructions();
        if (error != -ENOMEM || !space_find_memory || !space_find_memory(tries))
            return error;
    }
}
