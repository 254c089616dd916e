#include "sys/sys.h"

#include "abi/termios.h"
#include "fs/pipe.h"
#include "fs/record_lock.h"
#include "sys/fileargs.h"

/* Requests that every descriptor understands, as Linux numbers them. */
#define FIONCLEX 0x5450
#define FIOCLEX  0x5451
#define FIONBIO  0x5421

/* What F_SETFL can change. */
#define SETTABLE (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

SYSCALL_IS(close, fdtable_close(process_current()->fdtable, (int)arg[0]))

#define CLOSE_RANGE_CLOEXEC 4u

SYSCALL_DEFINE(close_range)
{
    struct fdtable *table = process_current()->fdtable;
    unsigned first = (unsigned)arg[0], last = (unsigned)arg[1];
    if ((arg[2] & ~(uint64_t)CLOSE_RANGE_CLOEXEC) || first > last)
        return -EINVAL;
    for (unsigned fd = first; fd <= last && fd < FDTABLE_MAX; fd++) {
        /* That there is none is no error. */
        if (arg[2])
            (void)!fdtable_set_cloexec(table, (int)fd, true);
        else
            (void)!fdtable_close(table, (int)fd);
    }
    return 0;
}

SYSCALL_DEFINE(dup)
{
    struct file *file = file_arg(arg[0]);
    return file ? file_install(file_ref(file), false) : -EBADF;
}

SYSCALL_DEFINE(dup3)
{
    int from = (int)arg[0], to = (int)arg[1];
    unsigned flags = (unsigned)arg[2];
    if ((flags & ~O_CLOEXEC) || from == to)
        return -EINVAL;
    struct file *file = file_arg(arg[0]);
    if (!file)
        return -EBADF;
    return fdtable_replace(process_current()->fdtable, to, file_ref(file),
                           flags & O_CLOEXEC);
}

static void
set_flags(struct file *file, uint32_t mask, uint32_t value)
{
    uint32_t old = READ_ONCE(file->flags);
    while (!__atomic_compare_exchange_n(&file->flags, &old,
                                        (old & ~mask) | (value & mask), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static int
lock_record(struct file *file, int command, uint64_t user)
{
    struct flock flock;
    bool get = command == F_GETLK || command == F_OFD_GETLK;
    int err = arg_read(&flock, user);
    err = err
              ?: record_lock_control(process_current()->fdtable, file, command,
                                     &flock);
    return err ?: get ? arg_write(user, &flock) : 0;
}

SYSCALL_DEFINE(fcntl)
{
    struct fdtable *table = process_current()->fdtable;
    struct file *file = file_arg(arg[0]);
    int fd = (int)arg[0], command = (int)arg[1];
    uint64_t value = arg[2];

    if (!file)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (value >= FDTABLE_MAX)
            return -EINVAL;
        return fdtable_install(table, file_ref(file), (int)value,
                               command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return fdtable_get_cloexec(table, fd);
    case F_SETFD:
        return fdtable_set_cloexec(table, fd, value & FD_CLOEXEC);
    case F_GETFL:
        return READ_ONCE(file->flags);
    case F_SETFL:
        if (file->flags & O_PATH)
            return -EBADF;
        if ((value & O_NOATIME) && file->inode &&
            !inode_is_own(file->inode, cred_current()))
            return -EPERM;
        set_flags(file, SETTABLE, (uint32_t)value);
        return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return file->flags & O_PATH ? -EBADF
                                    : lock_record(file, command, value);
    case F_GETPIPE_SZ:
        return pipe_set_size(file, 0);
    case F_SETPIPE_SZ:
        return (int)value < 0 ? -EINVAL : pipe_set_size(file, MAX(value, 1ul));
    default:
        return -EINVAL;
    }
}

/* What can be read without waiting: FIONREAD of a regular file. */
static int
count_rest(struct file *file, uint64_t user)
{
    int rest = (int)(READ_ONCE(file->inode->size) - READ_ONCE(file->offset));
    return arg_write(user, &rest);
}

SYSCALL_DEFINE(ioctl)
{
    struct fdtable *table = process_current()->fdtable;
    struct file *file = open_arg(arg[0]);
    unsigned command = (unsigned)arg[1];
    int on, err;

    if (!file)
        return -EBADF;
    switch (command) {
    case FIOCLEX:
    case FIONCLEX:
        return fdtable_set_cloexec(table, (int)arg[0], command == FIOCLEX);
    case FIONBIO:
        err = arg_read(&on, arg[2]);
        if (!err)
            set_flags(file, O_NONBLOCK, on ? O_NONBLOCK : 0);
        return err;
    case FIONREAD:
        if (file->inode && S_ISREG(file->inode->mode))
            return count_rest(file, arg[2]);
        /* fall through */
    default:
        return file->ops->ioctl ? file->ops->ioctl(file, command, arg[2])
                                : -ENOTTY;
    }
}

SYSCALL_DEFINE(pipe2)
{
    unsigned flags = (unsigned)arg[1];
    struct file *ends[2];
    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    return pipe_create(flags & O_NONBLOCK, ends)
               ?: file_install_two(ends, flags & O_CLOEXEC, arg[0]);
}

SYSCALL_DEFINE(flock)
{
    struct file *file = open_arg(arg[0]);
    unsigned kind = (unsigned)arg[1] & ~LOCK_NB;
    if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
        return -EINVAL;
    return file ? record_lock_flock(file, kind, !(arg[1] & LOCK_NB)) : -EBADF;
}
