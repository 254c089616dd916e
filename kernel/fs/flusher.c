#include "arch/clock.h"
#include "dev/rtc.h"
#include "fs/fs.h"
#include "fs/writeback.h"
#include "lib/panic.h"
#include "proc/sched.h"

#define DELAY_NS 5000000000ul /* from a change to its writing back */

static struct {
    struct spinlock lock;
    struct waitq waitq;
    /* guarded by lock; wanted also read without */
    bool wanted, now;
} flusher = {
    .lock = SPINLOCK_INIT("flusher", RANK_COMPLETION),
    .waitq = WAITQ_INIT(flusher.waitq),
};

void
flusher_want(bool now)
{
    if (READ_ONCE(flusher.wanted) && !now)
        return;
    spin_guard(&flusher.lock);
    flusher.wanted = true;
    flusher.now |= now;
    waitq_wake_all(&flusher.waitq);
}

/* What the writing back changes itself asks for one more round, which then
 * finds nothing to do. */
static void
flush_for_ever(void *arg UNUSED)
{
    for (;;) {
        spin_lock(&flusher.lock);
        while (!flusher.wanted)
            waitq_sleep(&flusher.waitq, &flusher.lock);
        uint64_t deadline = clock_now_ns() + DELAY_NS;
        while (!flusher.now && clock_now_ns() < deadline)
            if (waitq_sleep_until(&flusher.waitq, &flusher.lock, deadline))
                break;
        flusher.wanted = flusher.now = false;
        spin_unlock(&flusher.lock);
        fs_sync_all();
    }
}

void
flusher_start(void)
{
    struct thread *thread = thread_create("flusher", flush_for_ever, NULL);
    if (!thread)
        panic("no memory for the thread that writes back");
    sched_start(thread);
}

int64_t
fs_now(void)
{
    return rtc_now_ns() / 1000000000;
}
