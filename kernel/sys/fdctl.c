#include "sys/sys.h"

#include "abi/errno.h"
#include "fs/pipe.h"
#include "sys/fileargs.h"

/* Requests that every descriptor understands, as Linux numbers them. */
#define FIONCLEX 0x5450
#define FIOCLEX  0x5451
#define FIONBIO  0x5421

/* What F_SETFL can change. */
#define SETTABLE (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

/* Gives file, with a reference for it, a descriptor >= min. */
static int
install(struct file *file, int min, bool cloexec)
{
    int fd = fdtable_install(process_current()->fdtable, file, min, cloexec);
    if (fd < 0)
        file_put(file);
    return fd;
}

int64_t
sys_dup(const uint64_t arg[6])
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    int fd = install(file_ref(file), 0, false);
    fdtable_return(file, counted);
    return fd;
}

int64_t
sys_dup3(const uint64_t arg[6])
{
    struct fdtable *table = process_current()->fdtable;
    int from = (int)arg[0], to = (int)arg[1];
    unsigned flags = (unsigned)arg[2];

    if ((flags & ~O_CLOEXEC) || from == to)
        return -EINVAL;
    if ((unsigned)to >= FDTABLE_MAX)
        return -EBADF;
    struct file *file = fdtable_get(table, from);
    if (!file)
        return -EBADF;
    int fd = fdtable_replace(table, to, file, flags & O_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
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

static int64_t
fcntl_file(struct fdtable *table, struct file *file, int fd, int command,
           uint64_t value)
{
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (value >= FDTABLE_MAX)
            return -EINVAL;
        return install(file_ref(file), (int)value, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return fdtable_get_cloexec(table, fd);
    case F_SETFD:
        return fdtable_set_cloexec(table, fd, value & FD_CLOEXEC);
    case F_GETFL:
        return READ_ONCE(file->flags);
    case F_SETFL:
        if (file->flags & O_PATH)
            return -EBADF;
        set_flags(file, SETTABLE, (uint32_t)value);
        return 0;
    default:
        return -EINVAL;
    }
}

int64_t
sys_fcntl(const uint64_t arg[6])
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    int64_t result = fcntl_file(process_current()->fdtable, file, (int)arg[0],
                                (int)arg[1], arg[2]);
    fdtable_return(file, counted);
    return result;
}

static int64_t
ioctl_file(struct file *file, int fd, unsigned command, uint64_t value)
{
    struct fdtable *table = process_current()->fdtable;
    int on;
    int err;

    if (file->flags & O_PATH)
        return -EBADF;
    switch (command) {
    case FIOCLEX:
    case FIONCLEX:
        return fdtable_set_cloexec(table, fd, command == FIOCLEX);
    case FIONBIO:
        err = uaccess_read(&on, uaddr(value), sizeof(on));
        if (!err)
            set_flags(file, O_NONBLOCK, on ? O_NONBLOCK : 0);
        return err;
    default:
        return file->ops->ioctl ? file->ops->ioctl(file, command, value)
                                : -ENOTTY;
    }
}

int64_t
sys_ioctl(const uint64_t arg[6])
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    int64_t result = ioctl_file(file, (int)arg[0], (unsigned)arg[1], arg[2]);
    fdtable_return(file, counted);
    return result;
}

/* Installs both ends and tells the user their numbers. Takes over both
 * references, whatever happens. */
static int
install_pipe(struct file *ends[2], uint64_t user, bool cloexec)
{
    struct fdtable *table = process_current()->fdtable;
    int fds[2];

    fds[0] = install(ends[0], 0, cloexec);
    fds[1] = install(ends[1], 0, cloexec);
    int err = fds[0] < 0 ? fds[0] : MIN(fds[1], 0);
    if (!err)
        err = uaccess_write(uaddr(user), fds, sizeof(fds));
    for (int i = 0; err && i < 2; i++) {
        if (fds[i] >= 0 && fdtable_close(table, fds[i]) < 0)
            return -EBADF;
    }
    return err;
}

int64_t
sys_pipe2(const uint64_t arg[6])
{
    unsigned flags = (unsigned)arg[1];
    if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    struct file *ends[2];
    int err = pipe_create(flags & O_NONBLOCK, ends);
    return err ? err : install_pipe(ends, arg[0], flags & O_CLOEXEC);
}
