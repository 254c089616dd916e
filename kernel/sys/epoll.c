/* epoll_create1, epoll_ctl, epoll_pwait and epoll_pwait2. */
#include "abi/epoll.h"
#include "fs/epoll.h"
#include "mm/slab.h"
#include "proc/signal.h"
#include "sys/fileargs.h"
#include "sys/sys.h"
#include "sys/timearg.h"

#define EVENTS_MAX 256u /* of one call; who asks for more gets them by more */
#define NS_PER_MS  1000000ul

SYSCALL_DEFINE(epoll_create1)
{
    if (arg[0] & ~(uint64_t)O_CLOEXEC)
        return -EINVAL;
    struct file *file = epoll_create();
    return file ? file_install(file, arg[0]) : -ENOMEM;
}

SYSCALL_DEFINE(epoll_ctl)
{
    struct epoll_event event = {0};
    int op = (int)arg[1];
    if (op != EPOLL_CTL_DEL && arg_read(&event, arg[3]) != 0)
        return -EFAULT;
    struct file *epoll = file_arg(arg[0]), *file = file_arg(arg[2]);
    if (!epoll || !file)
        return -EBADF;
    event.events &= ~EPOLLWAKEUP; /* nothing here goes to sleep for good */
    return epoll_control(epoll, op, (int)arg[2], file, &event);
}

static int64_t
wait_for_events(const uint64_t arg[6], uint64_t ns)
{
    struct file *epoll = file_arg(arg[0]);
    unsigned max = (unsigned)MIN(arg[2], (uint64_t)EVENTS_MAX);
    uint64_t set, deadline = ns ? signal_wait_begin(ns) : 0;
    if ((int)arg[2] <= 0 || (arg[4] && arg[5] != sizeof(set)))
        return -EINVAL;
    if (arg_read_if(&set, arg[4]) != 0)
        return -EFAULT;
    if (!epoll)
        return -EBADF;
    FREED struct epoll_event *events = kmalloc(max * sizeof(*events));
    if (!events)
        return -ENOMEM;
    if (arg[4])
        signal_mask_for_wait(set);
    int n = signal_wait_end(epoll_wait(epoll, events, max, deadline), deadline);
    size_t size = (size_t)MAX(n, 0) * sizeof(*events);
    return n <= 0 ? n : uaccess_write(uaddr(arg[1]), events, size) ?: n;
}

SYSCALL_DEFINE(epoll_pwait)
{
    int ms = (int)arg[3];
    return wait_for_events(arg,
                           ms < 0 ? WAIT_FOREVER : (uint64_t)ms * NS_PER_MS);
}

SYSCALL_DEFINE(epoll_pwait2)
{
    uint64_t ns = WAIT_FOREVER;
    int err = arg[3] ? timespec_arg_read(arg[3], &ns) : 0;
    return err ?: wait_for_events(arg, ns);
}
