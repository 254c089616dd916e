/* setsockopt and getsockopt. */
#include "abi/errno.h"
#include "abi/time.h"
#include "sys/socketarg.h"
#include "sys/sys.h"
#include "sys/timearg.h"

#define TIMEOUT_MAX_S (INT64_MAX / NS_PER_S) /* longer is for ever */

/* ---- Setting ---- */

static int
set_timeout(uint64_t *ns, uint64_t user, unsigned len)
{
    struct timeval tv;
    if (len < sizeof(tv))
        return -EINVAL;
    if (arg_read(&tv, user) != 0)
        return -EFAULT;
    if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
        return -EDOM;
    uint64_t value = WAIT_FOREVER;
    if (tv.tv_sec < 0)
        value = 0;
    else if ((tv.tv_sec || tv.tv_usec) && tv.tv_sec < TIMEOUT_MAX_S)
        value = (uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * 1000;
    WRITE_ONCE(*ns, value);
    return 0;
}

/* Twice what is asked for: it counts headers, too. */
static size_t
limit_of(int value)
{
    unsigned half = MIN((unsigned)value, SOCKET_BUFFER_MAX / 2);
    return MAX(2 * half, SOCKET_BUFFER_MIN);
}

static int
set_int(struct socket *s, int option, int value)
{
    switch (option) {
    case SO_REUSEADDR:
        s->reuses_address = value != 0;
        return 0;
    case SO_PASSCRED:
        WRITE_ONCE(s->passes_cred, value != 0);
        return 0;
    case SO_SNDBUF:
        WRITE_ONCE(s->send_limit, limit_of(value));
        return 0;
    case SO_RCVBUF: /* only kept: a queue is bounded by its senders */
        WRITE_ONCE(s->receive_limit, limit_of(value));
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

SYSCALL_DEFINE(setsockopt)
{
    unsigned len = (unsigned)arg[4];
    int option = (int)arg[2], value;
    struct file *file;
    struct socket *s;
    int err = socket_arg(arg[0], &file, &s);
    if (err)
        return err;
    if ((int)arg[1] != SOL_SOCKET)
        return -EOPNOTSUPP;
    if ((int)len < 0)
        return -EINVAL;
    if (option == SO_RCVTIMEO || option == SO_SNDTIMEO)
        return set_timeout(option == SO_RCVTIMEO ? &s->receive_ns : &s->send_ns,
                           arg[3], len);
    if (len < sizeof(value))
        return -EINVAL;
    if (arg_read(&value, arg[3]) != 0)
        return -EFAULT;
    return set_int(s, option, value);
}

/* ---- Getting ---- */

static int
get_int(struct socket *s, int option, int *value)
{
    switch (option) {
    case SO_TYPE:
        *value = s->type;
        return 0;
    case SO_DOMAIN:
        *value = AF_UNIX;
        return 0;
    case SO_PROTOCOL:
        *value = 0;
        return 0;
    case SO_ERROR:
        *value = socket_take_error(s);
        return 0;
    case SO_ACCEPTCONN:
        *value = READ_ONCE(s->state) == SOCKET_LISTENING;
        return 0;
    case SO_REUSEADDR:
        *value = s->reuses_address;
        return 0;
    case SO_PASSCRED:
        *value = READ_ONCE(s->passes_cred);
        return 0;
    case SO_SNDBUF:
        *value = (int)READ_ONCE(s->send_limit);
        return 0;
    case SO_RCVBUF:
        *value = (int)READ_ONCE(s->receive_limit);
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

union option_value {
    int number;
    struct ucred cred;
    struct timeval timeout;
};

/* Returns the value's size, or an error. */
static int
get_option(struct socket *s, int option, union option_value *value)
{
    if (option == SO_PEERCRED) {
        spin_lock(&socket_lock);
        value->cred = s->peer_cred;
        spin_unlock(&socket_lock);
        return sizeof(value->cred);
    }
    if (option == SO_RCVTIMEO || option == SO_SNDTIMEO) {
        uint64_t ns =
            READ_ONCE(*(option == SO_RCVTIMEO ? &s->receive_ns : &s->send_ns));
        if (ns == WAIT_FOREVER)
            ns = 0;
        value->timeout = (struct timeval){(int64_t)(ns / NS_PER_S),
                                          (int64_t)(ns % NS_PER_S / 1000)};
        return sizeof(value->timeout);
    }
    int err = get_int(s, option, &value->number);
    return err ?: (int)sizeof(value->number);
}

SYSCALL_DEFINE(getsockopt)
{
    union option_value value;
    struct file *file;
    struct socket *s;
    int len, err = socket_arg(arg[0], &file, &s);
    if (err)
        return err;
    if ((int)arg[1] != SOL_SOCKET)
        return -EOPNOTSUPP;
    if (arg_read(&len, arg[4]) != 0)
        return -EFAULT;
    if (len < 0)
        return -EINVAL;
    int size = get_option(s, (int)arg[2], &value);
    if (size < 0)
        return size;
    len = MIN(len, size);
    err = uaccess_write(uaddr(arg[3]), &value, (size_t)len);
    return err ?: arg_write(arg[4], &len);
}
