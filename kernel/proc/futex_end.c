#include "abi/futex.h"
#include "proc/futex.h"
#include "mm/space.h"
#include "proc/process.h"
#include "proc/sched.h"

/* More locks than anybody holds: a list may have no end. */
#define ROBUST_MAX 2048

/* Marks a lock as its dead owner's, if it is the running thread's, and wakes
 * one who waits for it. It may also have been released, and nobody woken. */
static void
pass_on(uint64_t at, bool was_pending)
{
    struct futex_word word = {uaddr(at), true};
    uint32_t old, owner = (uint32_t)thread_current()->tid;
    int error;
    if (at % sizeof(old) != 0 || uaccess_read(&old, word.at, sizeof(old)) != 0)
        return;
    do {
        if ((old & FUTEX_TID_MASK) != owner)
            break;
        error = uaccess_exchange(word.at, &old,
                                 (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
    } while (error == -EAGAIN);
    if ((old & FUTEX_TID_MASK) == owner ? old & FUTEX_WAITERS
                                        : was_pending && old == 0)
        futex_wake(word, 1, FUTEX_BITSET_ANY);
}

static void
pass_on_locks(uint64_t list)
{
    struct robust_list_head head;
    if (uaccess_read(&head, uaddr(list), sizeof(head)) != 0)
        return;
    uint64_t offset = (uint64_t)head.futex_offset, link = head.next;
    uint64_t pending = head.pending & ~1ul;
    for (unsigned i = 0; i < ROBUST_MAX && (link & ~1ul) != list; i++) {
        uint64_t lock = link & ~1ul;
        /* The lock's memory may be gone once it is passed on. */
        bool has_next = uaccess_read(&link, uaddr(lock), sizeof(link)) == 0;
        if (lock != pending)
            pass_on(lock + offset, false);
        if (!has_next)
            break;
        sched_yield_if_due();
    }
    if (pending != 0)
        pass_on(pending + offset, true);
}

void
futex_end_thread(void)
{
    struct thread *t = thread_current();
    struct futex_word word = {uaddr(t->clear_tid), true};
    const uint32_t zero = 0;
    if (t->robust_list != 0)
        pass_on_locks(t->robust_list);
    /* Only who shares the memory can see it. */
    if (t->clear_tid != 0 &&
        (READ_ONCE(t->process->nthreads) > 1 ||
         READ_ONCE(t->arch.space->users) > 1) &&
        uaccess_write(word.at, &zero, sizeof(zero)) == 0)
        futex_wake(word, 1, FUTEX_BITSET_ANY);
    t->robust_list = t->clear_tid = 0;
}
