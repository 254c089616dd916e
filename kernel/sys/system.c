/* System calls about the machine and the kernel as a whole. */
#include "abi/reboot.h"
#include "abi/sysinfo.h"
#include "arch/clock.h"
#include "dev/random.h"
#include "fs/fs.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "sys/power.h"
#include "sys/sys.h"

SYSCALL_DEFINE(sysinfo)
{
    struct sysinfo info = {
        .uptime = (int64_t)(clock_now_ns() / 1000000000),
        .totalram = frame_count_total() * PAGE_SIZE,
        .freeram = frame_count_free() * PAGE_SIZE,
        .procs = (uint16_t)process_count(),
        .mem_unit = 1,
    };
    return arg_write(arg[0], &info);
}

SYSCALL_DEFINE(reboot)
{
    if (!cred_is_root(cred_current()))
        return -EPERM;
    if ((uint32_t)arg[0] != LINUX_REBOOT_MAGIC1 ||
        (uint32_t)arg[1] != LINUX_REBOOT_MAGIC2)
        return -EINVAL;
    switch ((uint32_t)arg[2]) {
    case LINUX_REBOOT_CMD_RESTART:
        fs_stop_all();
        power_reboot();
    case LINUX_REBOOT_CMD_POWER_OFF:
    case LINUX_REBOOT_CMD_HALT:
        fs_stop_all();
        power_off(0);
    default:
        return -EINVAL;
    }
}

/* syslog(2) actions that need no state of their own. */
enum {
    SYSLOG_READ_ALL = 3,
    SYSLOG_SIZE_UNREAD = 9,
    SYSLOG_SIZE_BUFFER = 10,
};

/* Copies the last n bytes of the log. */
static int64_t
read_log(uaddr_t to, size_t n)
{
    uint64_t pos = 0;
    FREED char *chunk = kmalloc(1024);
    size_t len, total = 0;
    if (!chunk)
        return -ENOMEM;
    while ((len = print_read_log(&pos, chunk, 1024)) > 0)
        ;
    pos = pos > n ? pos - n : 0;
    while (total < n &&
           (len = print_read_log(&pos, chunk, MIN(1024ul, n - total))) > 0) {
        if (uaccess_write(uaddr_add(to, total), chunk, len) != 0)
            return -EFAULT;
        total += len;
    }
    return (int64_t)total;
}

SYSCALL_DEFINE(syslog)
{
    /* The log tells addresses, and what others' programs did. */
    if (!cred_is_root(cred_current()))
        return -EPERM;
    switch ((int)arg[0]) {
    case SYSLOG_READ_ALL:
        return (int)arg[2] < 0 ? -EINVAL : read_log(uaddr(arg[1]), arg[2]);
    case SYSLOG_SIZE_UNREAD:
    case SYSLOG_SIZE_BUFFER:
        return PRINT_LOG_SIZE;
    default:
        return -EINVAL;
    }
}

SYSCALL_DEFINE(getrandom)
{
    uint8_t chunk[256];
    uint64_t done = 0, n = MIN(arg[1], (uint64_t)INT32_MAX);
    if (arg[2] & ~7ul) /* GRND_NONBLOCK, _RANDOM, _INSECURE */
        return -EINVAL;
    while (done < n) {
        size_t len = MIN(n - done, sizeof(chunk));
        random_fill(chunk, len);
        if (uaccess_write(uaddr(arg[0] + done), chunk, len) != 0)
            return done > 0 ? (int64_t)done : -EFAULT;
        done += len;
        sched_yield_if_due();
        if (signal_pending() && done < n)
            break;
    }
    return (int64_t)done;
}
