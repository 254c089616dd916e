/* The system calls that send and receive through sockets. */
#include "ipc/control.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "ipc/message.h"
#include "proc/signal.h"
#include "sys/socketarg.h"
#include "sys/sys.h"
#include "sys/uioarg.h"

#define MSG_OOB 1

/* As a program hands it over; addresses are the program's. */
struct msghdr {
    uint64_t name;
    uint32_t name_len, pad_;
    uint64_t vec, vec_count;
    uint64_t control, control_len;
    uint32_t flags, pad2_;
};

/* The socket of a call, what of its flags is not about one message, and what
 * else does not depend on where the message is. */
static int
begin_transfer(uint64_t fd, uint64_t flags, struct socket **s, bool *nonblock)
{
    struct file *file;
    int err = socket_arg(fd, &file, s);
    if (!err && (flags & MSG_OOB))
        err = -EOPNOTSUPP;
    if (!err)
        *nonblock = (flags & MSG_DONTWAIT) || file_is_nonblocking(file);
    return err;
}

/* ---- Sending ---- */

static int64_t
send_one(struct socket *s, struct uio *uio, struct outgoing *outgoing,
         uint64_t flags)
{
    int64_t n = transfer_send(s, uio, outgoing);
    if (n == -EPIPE && s->type == SOCK_STREAM && !(flags & MSG_NOSIGNAL))
        signal_send_current(SIGPIPE);
    return n;
}

SYSCALL_DEFINE(sendto)
{
    struct outgoing outgoing = {.cred = control_own_cred()};
    struct uio_vec vec = {arg[1], arg[2]};
    struct socket_address to;
    struct socket *s;
    struct uio uio;
    int err = begin_transfer(arg[0], arg[3], &s, &outgoing.nonblock);
    if (!err)
        err = uio_arg_check(&uio, &vec, 1);
    if (!err && arg[4]) {
        err = name_read_address(arg[4], (unsigned)arg[5], &to);
        outgoing.to = &to;
    }
    return err ?: send_one(s, &uio, &outgoing, arg[3]);
}

static int
read_msghdr(uint64_t user, struct msghdr *m, struct uio_arg *vectors)
{
    if (arg_read(m, user) != 0)
        return -EFAULT;
    if (m->vec_count > IOV_MAX)
        return -EMSGSIZE;
    return uio_arg_read(vectors, m->vec, m->vec_count);
}

SYSCALL_DEFINE(sendmsg)
{
    struct outgoing outgoing = {.cred = control_own_cred()};
    struct socket_address to;
    struct uio_arg vectors;
    struct socket *s;
    struct msghdr m;
    int64_t n = begin_transfer(arg[0], arg[2], &s, &outgoing.nonblock);
    if (n == 0)
        n = read_msghdr(arg[1], &m, &vectors);
    if (n)
        return n;
    if (m.name && m.name_len) {
        n = name_read_address(m.name, m.name_len, &to);
        outgoing.to = &to;
    }
    if (n == 0 && m.control_len)
        n = control_read(m.control, m.control_len, &outgoing);
    if (n == 0)
        n = send_one(s, &vectors.uio, &outgoing, arg[2]);
    else
        rights_free(outgoing.rights);
    uio_arg_free(&vectors);
    return n;
}

/* ---- Receiving ---- */

SYSCALL_DEFINE(recvfrom)
{
    struct incoming incoming = {.flags = (unsigned)arg[3]};
    struct uio_vec vec = {arg[1], arg[2]};
    struct socket *s;
    struct uio uio;
    int64_t n = begin_transfer(arg[0], arg[3], &s, &incoming.nonblock);
    if (n == 0)
        n = uio_arg_check(&uio, &vec, 1);
    if (n)
        return n;
    n = transfer_receive(s, &uio, &incoming);
    if (n >= 0) {
        int err = address_arg_write(incoming.from, 0, arg[4], arg[5]);
        n = err ?: n;
    }
    transfer_end(&incoming);
    return n;
}

/* Writes to user space what was received beside the bytes. */
static int
write_msghdr(uint64_t user, struct msghdr *m, bool has_cred, unsigned flags,
             struct incoming *incoming)
{
    const struct socket_name *from = incoming->from;
    bool cloexec = flags & MSG_CMSG_CLOEXEC;
    int err = address_arg_write(from, 0, m->name,
                                user + offsetof(struct msghdr, name_len));
    if (!err)
        err = control_write(m->control, &m->control_len, has_cred, cloexec,
                            incoming);
    m->flags = incoming->answers | (flags & MSG_CMSG_CLOEXEC);
    err = err
              ?: arg_write(user + offsetof(struct msghdr, control_len),
                           &m->control_len);
    return err ?: arg_write(user + offsetof(struct msghdr, flags), &m->flags);
}

SYSCALL_DEFINE(recvmsg)
{
    struct incoming incoming = {.flags = (unsigned)arg[2]};
    struct uio_arg vectors;
    struct socket *s;
    struct msghdr m;
    int64_t n = begin_transfer(arg[0], arg[2], &s, &incoming.nonblock);
    if (n == 0)
        n = read_msghdr(arg[1], &m, &vectors);
    if (n)
        return n;
    n = transfer_receive(s, &vectors.uio, &incoming);
    if (n >= 0) {
        int err = write_msghdr(arg[1], &m, READ_ONCE(s->passes_cred),
                               (unsigned)arg[2], &incoming);
        n = err ?: n;
    }
    transfer_end(&incoming);
    uio_arg_free(&vectors);
    return n;
}
