#include "proc/itimer.h"
#include "arch/clock.h"
#include "mm/slab.h"
#include "proc/signal.h"
#include "proc/signal_queue.h"
#include "proc/timer.h"
#include "proc/usage.h"

#define COUNT_MAX 256 /* of one process */

/* From one interrupt of a timer to the next, at least: if it is to run more
 * often, it runs over. As long as nobody takes its signal, much more: timers
 * must not keep the harts from all other work. */
#define PERIOD_MIN_NS  100000ul
#define PERIOD_IDLE_NS 10000000ul

struct itimer {
    struct timer alarm; /* of those that go by clock_now_ns() */

    /* constant after creation */
    struct process *process;
    struct siginfo info;
    int id, tid;
    int64_t ahead_ns;

    /* guarded by process_lock */
    struct list_node node;
    uint64_t deadline_ns, interval_ns; /* 0: it is off; it runs out once */
    uint32_t overrun;                  /* of the signal that was taken last */
};

static bool
goes_by_cpu(int id)
{
    return id == ITIMER_ID_VIRTUAL || id == ITIMER_ID_PROF;
}

static uint64_t
now_locked(const struct process *process, int id) REQUIRES(process_lock)
{
    if (!goes_by_cpu(id))
        return clock_now_ns();
    struct usage used = usage_of_process(process);
    return id == ITIMER_ID_VIRTUAL ? used.user_ns : used.run_ns;
}

static struct itimer *
find_itimer_locked(const struct process *process, int id) REQUIRES(process_lock)
{
    return list_find(struct itimer, it, &process->signals.timers, node,
                     it->id == id);
}

/* ---- Running out ---- */

/* Sends the timer's signal, for the n-th time running; if the last one is not
 * taken yet, that has run over by so much. Returns whether it was sent. */
static bool
send_expiry_locked(struct itimer *it, uint64_t n) REQUIRES(process_lock)
{
    struct process *process = it->process;
    struct thread *t = it->tid ? thread_find_locked(it->tid) : NULL;
    struct siginfo info = it->info;
    if (info.signo == 0 || (it->tid != 0 && (!t || t->process != process)))
        return false;
    struct signal_queue *queue =
        t ? &t->signals.pending : &process->signals.pending;
    struct siginfo *waiting =
        info.of_timer ? signal_queue_find_timer(queue, it->id) : NULL;
    if (waiting) {
        waiting->uid = (uint32_t)MIN(waiting->uid + n, (uint64_t)INT32_MAX);
        return false;
    }
    bool is_new = info.of_timer || !(queue->set & SIGNAL_BIT(info.signo));
    if (info.of_timer)
        info.uid = (uint32_t)MIN(n - 1, (uint64_t)INT32_MAX);
    (void)signal_send_info_locked(process, t, &info);
    return is_new && queue->set & SIGNAL_BIT(info.signo);
}

/* Moves the deadline on to after now. Returns how many times it has passed. */
static uint64_t
advance_locked(struct itimer *it) REQUIRES(process_lock)
{
    uint64_t now = now_locked(it->process, it->id), n = 1;
    if (it->deadline_ns == 0 || it->deadline_ns > now)
        return 0;
    if (it->interval_ns != 0)
        n += (now - it->deadline_ns) / it->interval_ns;
    it->deadline_ns =
        it->interval_ns ? it->deadline_ns + n * it->interval_ns : 0;
    return n;
}

static void
arm_locked(struct itimer *it, uint64_t earliest) REQUIRES(process_lock)
{
    if (it->deadline_ns != 0 && !goes_by_cpu(it->id))
        timer_set(&it->alarm, MAX(it->deadline_ns, earliest));
}

static void
run_out(struct timer *timer)
{
    struct itimer *it = container_of(timer, struct itimer, alarm);
    spin_guard(&process_lock);
    uint64_t n = advance_locked(it);
    bool sent = n > 0 && send_expiry_locked(it, n);
    uint64_t pause = sent ? PERIOD_MIN_NS : PERIOD_IDLE_NS;
    arm_locked(it, n > 0 ? clock_now_ns() + pause : 0);
}

void
itimer_tick(void)
{
    const struct thread *t = thread_current();
    struct process *process = t->process;
    uint64_t n;
    /* A process may be gone before its last thread is. */
    if (!process || t->stay == THREAD_LEAVES ||
        !READ_ONCE(process->signals.has_cpu_timers))
        return;
    spin_guard(&process_lock);
    list_for_each (struct itimer, it, &process->signals.timers, node)
        if (goes_by_cpu(it->id) && (n = advance_locked(it)) > 0)
            (void)send_expiry_locked(it, n);
}

void
itimer_taken_locked(struct process *process, struct siginfo *info)
{
    struct itimer *it = find_itimer_locked(process, info->pid);
    info->of_timer = false;
    if (!it)
        return;
    if (it->interval_ns != 0) {
        uint64_t over = info->uid + advance_locked(it);
        info->uid = (uint32_t)MIN(over, (uint64_t)INT32_MAX);
        arm_locked(it, clock_now_ns() + PERIOD_MIN_NS);
    }
    it->overrun = info->uid;
}

/* ---- Coming and going ---- */

/* Makes a timer of number id, or of the first free one if that is 0 or more. */
static int
create_itimer(const struct siginfo *info, int id, int tid, bool has_value,
              int64_t ahead_ns)
{
    struct itimer *it = kzalloc(sizeof(*it));
    struct process *self = process_current();
    if (!it)
        return -ENOMEM;
    timer_init(&it->alarm, run_out);
    it->process = self;
    it->info = *info;
    it->tid = tid;
    it->ahead_ns = ahead_ns;
    spin_lock(&process_lock);
    while (id >= 0 && id < COUNT_MAX && find_itimer_locked(self, id))
        id++;
    bool may = id < COUNT_MAX && !find_itimer_locked(self, id);
    if (may)
        list_push_back(&self->signals.timers, &it->node);
    it->id = id;
    if (id >= 0)
        it->info.pid = id;
    if (id >= 0 && !has_value)
        it->info.value = (uint64_t)id;
    self->signals.has_cpu_timers |= goes_by_cpu(id);
    spin_unlock(&process_lock);
    if (!may)
        kfree(it);
    return may || id < 0 ? id : -EAGAIN;
}

int
itimer_create(const struct siginfo *info, int tid, bool has_value,
              int64_t ahead_ns)
{
    return create_itimer(info, 0, tid, has_value, ahead_ns);
}

static void
set_itimer_locked(struct itimer *it, const struct itimer_setting *setting)
    REQUIRES(process_lock)
{
    uint64_t value = setting->value_ns;
    it->interval_ns = setting->interval_ns;
    if (value != 0 && setting->is_absolute) /* perhaps long ago */
        value = (uint64_t)MAX((int64_t)value - it->ahead_ns, (int64_t)1);
    else if (value != 0)
        value += now_locked(it->process, it->id);
    it->deadline_ns = value;
    arm_locked(it, 0);
}

static struct itimer_setting
get_itimer_locked(const struct itimer *it) REQUIRES(process_lock)
{
    uint64_t now = now_locked(it->process, it->id);
    uint64_t left = it->deadline_ns > now ? it->deadline_ns - now : 1;
    if (it->deadline_ns <= now && it->interval_ns != 0)
        left = it->interval_ns - (now - it->deadline_ns) % it->interval_ns;
    return (struct itimer_setting){
        .value_ns = it->deadline_ns != 0 ? left : 0,
        .interval_ns = it->interval_ns,
    };
}

int
itimer_set(int id, const struct itimer_setting *setting,
           struct itimer_setting *old)
{
    static const int8_t signals[] = {[-ITIMER_ID_REAL] = SIGALRM,
                                     [-ITIMER_ID_VIRTUAL] = SIGVTALRM,
                                     [-ITIMER_ID_PROF] = SIGPROF};
    struct process *self = process_current();
    if (id < 0) { /* unless there is one */
        struct siginfo info = {.signo = signals[-id], .code = SI_KERNEL};
        if (create_itimer(&info, id, 0, true, 0) == -ENOMEM)
            return -ENOMEM;
    }
    spin_guard(&process_lock);
    struct itimer *it = find_itimer_locked(self, id);
    if (!it)
        return -EINVAL;
    *old = get_itimer_locked(it);
    if (setting)
        set_itimer_locked(it, setting);
    return 0;
}

int
itimer_overrun(int id)
{
    spin_guard(&process_lock);
    const struct itimer *it = find_itimer_locked(process_current(), id);
    return it && id >= 0 ? (int)it->overrun : -EINVAL;
}

/* Deletes the first timer whose number is in a range. Returns 0 or -EINVAL. */
static int
delete_one(struct process *process, int from, int to)
{
    spin_lock(&process_lock);
    struct itimer *found =
        list_find(struct itimer, it, &process->signals.timers, node,
                  it->id >= from && it->id <= to);
    if (found) {
        list_del(&found->node);
        found->deadline_ns = 0; /* its alarm may be about to run */
    }
    spin_unlock(&process_lock);
    if (!found)
        return -EINVAL;
    timer_cancel(&found->alarm);
    kfree(found);
    return 0;
}

int
itimer_delete(int id)
{
    return id >= 0 ? delete_one(process_current(), id, id) : -EINVAL;
}

void
itimer_delete_created(struct process *process)
{
    while (delete_one(process, 0, INT32_MAX) == 0)
        ;
}

void
itimer_delete_all(struct process *process)
{
    while (delete_one(process, INT32_MIN, INT32_MAX) == 0)
        ;
}
