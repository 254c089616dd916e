#include "ipc/socket_file.h"

#include "abi/stat.h"
#include "abi/termios.h"
#include "fs/poll.h"
#include "ipc/control.h"
#include "lib/string.h"
#include "proc/signal.h"

/* st_dev of all sockets, as if they were files of one file system. */
#define SOCKET_DEV MAKEDEV(0, 0xfffe)

struct file *
socket_open(struct socket *s, unsigned nonblock)
{
    struct file *file = file_create(&socket_ops, O_RDWR | nonblock, s);
    if (file) {
        spin_guard(&socket_lock);
        list_del(&s->all_node);
        list_push_back(&socket_all, &s->all_node);
    }
    return file;
}

struct socket *
socket_detach(struct file *file)
{
    struct socket *s = file->private;
    file->private = NULL;
    return s;
}

static void
socket_release(struct file *file)
{
    if (file->private)
        socket_close(file->private, true);
}

static int64_t
socket_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    struct incoming incoming = {.nonblock = file_is_nonblocking(file)};
    int64_t n = transfer_receive(file->private, uio, &incoming);
    transfer_end(&incoming);
    return n;
}

static int64_t
socket_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    const struct socket *s = file->private;
    struct outgoing outgoing = {.cred = control_own_cred(),
                                .nonblock = file_is_nonblocking(file)};
    int64_t n = transfer_send(file->private, uio, &outgoing);
    if (n == -EPIPE && s->type == SOCK_STREAM)
        signal_send_current(SIGPIPE);
    return n;
}

/* What poll waits for is half of the queue: else sender and receiver would
 * take turns message by message. */
static bool
is_writable_locked(const struct socket *s) REQUIRES(socket_lock)
{
    struct socket *target = s->peer;
    if (!target)
        return true;
    bool is_half = target->charge <= s->send_limit / 2;
    target->is_wanted |= !is_half;
    return is_half && socket_has_room_locked(s, target);
}

static unsigned
socket_poll(struct file *file, struct poll_table *table)
{
    struct socket *s = file->private;
    unsigned ready = 0;
    spin_guard(&socket_lock);
    poll_wait(table, &s->readable);
    poll_wait(table, &s->writable);
    if (!list_is_empty(&s->queue) || !list_is_empty(&s->backlog))
        ready |= POLL_IN;
    if (s->shut & SOCKET_SHUT_READ)
        ready |= POLL_IN | POLLRDHUP;
    if (s->shut == (SOCKET_SHUT_READ | SOCKET_SHUT_WRITE) ||
        (socket_is_paired(s) && s->state == SOCKET_FREE))
        ready |= POLLHUP;
    if (s->error)
        ready |= POLLERR;
    if (s->state != SOCKET_LISTENING && is_writable_locked(s))
        ready |= POLL_OUT;
    return ready;
}

static int64_t
socket_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    struct socket *s = file->private;
    int count;
    if (command != FIONREAD && command != TIOCOUTQ)
        return -ENOTTY;
    if (READ_ONCE(s->state) == SOCKET_LISTENING)
        return -EINVAL;
    if (command == FIONREAD) {
        count = (int)transfer_count(s);
    } else {
        spin_lock(&socket_lock);
        count = s->peer ? (int)s->peer->charge : 0;
        spin_unlock(&socket_lock);
    }
    return uaccess_write(uaddr(arg), &count, sizeof(count));
}

static void
socket_stat(struct file *file, struct stat *st)
{
    const struct socket *s = file->private;
    memset(st, 0, sizeof(*st));
    st->st_dev = SOCKET_DEV;
    st->st_ino = s->ino;
    st->st_mode = S_IFSOCK | 0777;
    st->st_nlink = 1;
    st->st_blksize = 4096;
}

const struct file_ops socket_ops = {
    .release = socket_release,
    .read = socket_read,
    .write = socket_write,
    .ioctl = socket_ioctl,
    .poll = socket_poll,
    .stat = socket_stat,
    .is_stream = true,
};
