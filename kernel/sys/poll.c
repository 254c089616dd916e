/* ppoll and pselect6 [posix poll, pselect]. */
#include "abi/time.h"
#include "arch/clock.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/signal.h"
#include "sys/fileargs.h"
#include "sys/sys.h"
#include "sys/timearg.h"

#define FEW_FDS 8u

#define SELECT_WORDS (FDTABLE_MAX / 64)

/* What puts a descriptor into pselect6's three sets. */
#define READABLE  (POLL_IN | POLLRDBAND | POLLHUP | POLLERR)
#define WRITABLE  (POLL_OUT | POLLWRBAND | POLLERR)
#define EXCEPTION POLLPRI

/* A wait with a timeout and with signals blocked that are not otherwise. */
struct timed_wait {
    uint64_t timeout; /* user address of a timespec; 0: none */
    uint64_t mask;    /* of a signal set; 0: as they are */
    uint64_t deadline_ns;
};

static int
begin_wait(struct timed_wait *wait, uint64_t mask_size)
{
    uint64_t ns = WAIT_FOREVER, set;
    int err = wait->timeout ? timespec_arg_read(wait->timeout, &ns) : 0;
    if (err)
        return err;
    wait->deadline_ns = ns ? signal_wait_begin(ns) : 0;
    if (!wait->mask)
        return 0;
    err = mask_size == sizeof(set) ? arg_read(&set, wait->mask) : -EINVAL;
    if (!err)
        signal_mask_for_wait(set);
    return err;
}

/* Says how much of the timeout is left. The span may lie in memory that is only
 * to be read: that is nobody's error. */
static void
end_wait(const struct timed_wait *wait, int64_t result)
{
    uint64_t now = clock_now_ns();
    (void)!signal_wait_end((int)result, wait->deadline_ns);
    if (wait->timeout)
        (void)!timespec_arg_write(wait->timeout,
                                  MAX(wait->deadline_ns, now) - now);
}

/* ---- ppoll ---- */

/* What descriptor fd is ready for; POLLNVAL if it is not open. */
static unsigned
ask(int fd, struct poll_table *table)
{
    struct file *file = fdtable_get_ref(process_current()->fdtable, fd);
    unsigned ready = POLLNVAL;
    if (!file)
        return ready;
    if (!(file->flags & O_PATH))
        ready = poll_file(file, table);
    file_put(file);
    return ready;
}

/* Sets revents; returns how many are not 0. */
static int64_t
ask_all(struct pollfd *fds, size_t n, struct poll_table *table)
{
    int64_t ready = 0;
    for (size_t i = 0; i < n; i++) {
        struct pollfd *p = &fds[i];
        p->revents = 0;
        if (p->fd < 0)
            continue;
        unsigned wanted = (uint16_t)p->events | POLL_ALWAYS | POLLNVAL;
        p->revents = (int16_t)(ask(p->fd, table) & wanted);
        if (p->revents) {
            ready++;
            table->is_quiet = true; /* there will be no sleep */
        }
    }
    return ready;
}

static int64_t
poll_all(struct pollfd *fds, size_t n, uint64_t deadline_ns)
{
    struct poll_table table;
    int64_t ready;
    int err = 0;
    poll_begin(&table, deadline_ns);
    while ((ready = ask_all(fds, n, &table)) == 0 && err == 0)
        err = poll_sleep(&table);
    poll_end(&table);
    return ready || err == -ETIMEDOUT ? ready : err;
}

SYSCALL_DEFINE(ppoll)
{
    struct pollfd few[FEW_FDS], *fds = few;
    struct timed_wait wait = {.timeout = arg[2], .mask = arg[3]};
    uint64_t n = arg[1];
    if (n > FDTABLE_MAX)
        return -EINVAL;
    int64_t result = begin_wait(&wait, arg[4]);
    if (result)
        return result;
    FREED struct pollfd *many = n > FEW_FDS ? kmalloc(n * sizeof(*fds)) : NULL;
    if (n > FEW_FDS)
        fds = many;
    result = fds ? uaccess_read(fds, uaddr(arg[0]), n * sizeof(*fds)) : -ENOMEM;
    result = result ?: poll_all(fds, n, wait.deadline_ns);
    end_wait(&wait, result);
    for (size_t i = 0; result >= 0 && i < n; i++) {
        uint64_t at = arg[0] + i * sizeof(*fds);
        if (arg_write(at + offsetof(struct pollfd, revents), &fds[i].revents) !=
            0)
            result = -EFAULT;
    }
    return result;
}

/* ---- pselect6 ---- */

/* Sets of descriptors: to be read, to be written, with something special. */
struct fd_sets {
    uint64_t bits[3][SELECT_WORDS];
};

static const unsigned set_events[3] = {READABLE, WRITABLE, EXCEPTION};

/* Asks for descriptor fd. Returns the sets it goes into, a bit for each, or
 * -EBADF. */
static int
ask_one(unsigned fd, const struct fd_sets *want, struct poll_table *table)
{
    unsigned wanted = 0, found = 0;
    for (unsigned i = 0; i < 3; i++)
        wanted |= (unsigned)(want->bits[i][fd / 64] >> fd % 64 & 1) << i;
    if (!wanted)
        return 0;
    unsigned ready = ask((int)fd, table);
    if (ready == POLLNVAL)
        return -EBADF;
    for (unsigned i = 0; i < 3; i++)
        if (ready & set_events[i])
            found |= 1u << i;
    return (int)(found & wanted);
}

static int64_t
ask_sets(unsigned n, const struct fd_sets *want, struct fd_sets *got,
         struct poll_table *table)
{
    int64_t count = 0;
    memset(got, 0, sizeof(*got));
    for (unsigned fd = 0; fd < n; fd++) {
        int found = ask_one(fd, want, table);
        if (found < 0)
            return found;
        for (unsigned i = 0; i < 3; i++) {
            uint64_t bit = (uint64_t)found >> i & 1;
            got->bits[i][fd / 64] |= bit << fd % 64;
            count += (int64_t)bit;
        }
        if (found)
            table->is_quiet = true; /* there will be no sleep */
    }
    return count;
}

static int64_t
select_all(unsigned n, struct fd_sets *sets, uint64_t deadline_ns)
{
    struct poll_table table;
    struct fd_sets want = *sets;
    int64_t ready;
    int err = 0;
    poll_begin(&table, deadline_ns);
    while ((ready = ask_sets(n, &want, sets, &table)) == 0 && err == 0)
        err = poll_sleep(&table);
    poll_end(&table);
    return ready || err == -ETIMEDOUT ? ready : err;
}

SYSCALL_DEFINE(pselect6)
{
    struct timed_wait wait = {.timeout = arg[4]};
    uint64_t mask[2] = {0, 0}; /* address and size of the signal set */
    struct fd_sets sets = {0};
    if ((int)arg[0] < 0)
        return -EINVAL;
    unsigned n = (unsigned)MIN(arg[0], (uint64_t)FDTABLE_MAX);
    size_t len = (n + 63) / 64 * 8;
    int64_t result = arg_read_if(&mask, arg[5]);
    for (unsigned i = 0; !result && i < 3; i++)
        if (arg[1 + i])
            result = uaccess_read(sets.bits[i], uaddr(arg[1 + i]), len);
    wait.mask = mask[0];
    result = result ?: begin_wait(&wait, mask[1]);
    if (result)
        return result;
    result = select_all(n, &sets, wait.deadline_ns);
    end_wait(&wait, result);
    for (unsigned i = 0; result >= 0 && i < 3; i++)
        if (arg[1 + i] &&
            uaccess_write(uaddr(arg[1 + i]), sets.bits[i], len) != 0)
            result = -EFAULT;
    return result;
}
