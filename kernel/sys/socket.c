/* The system calls that make, name and connect sockets. */
#include "abi/errno.h"
#include "sys/socketarg.h"
#include "sys/sys.h"

#define TYPE_MASK  0xfu
#define TYPE_FLAGS ((unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC))
#define SOCK_RAW   3  /* of AF_UNIX: another word for SOCK_DGRAM */
#define TYPE_LAST  10 /* that Linux knows */

int
socket_arg(uint64_t fd, struct file **file, struct socket **s)
{
    *file = file_arg(fd);
    if (!*file || ((*file)->flags & O_PATH))
        return -EBADF;
    *s = socket_of(*file);
    return *s ? 0 : -ENOTSOCK;
}

int
address_arg_write(const struct socket_name *name, unsigned unnamed_len,
                  uint64_t user, uint64_t len_user)
{
    static const struct socket_address unnamed = {.un.sun_family = AF_UNIX};
    const struct socket_address *address = name ? &name->address : &unnamed;
    int len = (int)(name ? address->len : unnamed_len), room;
    if (!user)
        return 0;
    int err = arg_read(&room, len_user);
    if (!err && room < 0)
        err = -EINVAL;
    if (!err)
        err = uaccess_write(uaddr(user), &address->un, (size_t)MIN(room, len));
    return err ?: arg_write(len_user, &len);
}

/* ---- Making them ---- */

static int
check_kind(const uint64_t arg[6], int *type)
{
    *type = (int)(arg[1] & TYPE_MASK);
    if ((unsigned)arg[1] & ~(TYPE_MASK | TYPE_FLAGS))
        return -EINVAL;
    if ((int)arg[0] != AF_UNIX)
        return -EAFNOSUPPORT;
    if (*type > TYPE_LAST)
        return -EINVAL;
    if ((int)arg[2] != 0 && (int)arg[2] != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (*type == SOCK_RAW)
        *type = SOCK_DGRAM;
    return *type == SOCK_STREAM || *type == SOCK_DGRAM ||
                   *type == SOCK_SEQPACKET
               ? 0
               : -ESOCKTNOSUPPORT;
}

/* A fresh socket with a file, or NULL without memory. */
static struct file *
create_file(int type, uint64_t flags)
{
    struct socket *s = socket_create(type);
    struct file *file = s ? socket_open(s, flags & SOCK_NONBLOCK) : NULL;
    if (s && !file)
        socket_put(s);
    return file;
}

/* Gives file, whose reference it takes over, a descriptor. */
static int
install_socket(struct file *file, uint64_t flags)
{
    return fdtable_install(process_current()->fdtable, file, 0,
                           flags & SOCK_CLOEXEC);
}

SYSCALL_DEFINE(socket)
{
    int type, err = check_kind(arg, &type);
    if (err)
        return err;
    struct file *file = create_file(type, arg[1]);
    return file ? install_socket(file, arg[1]) : -ENOMEM;
}

SYSCALL_DEFINE(socketpair)
{
    struct file *ends[2];
    int type, err = check_kind(arg, &type);
    if (err)
        return err;
    ends[0] = create_file(type, arg[1]);
    ends[1] = ends[0] ? create_file(type, arg[1]) : NULL;
    if (!ends[1]) {
        if (ends[0])
            file_put(ends[0]);
        return -ENOMEM;
    }
    socket_pair(socket_of(ends[0]), socket_of(ends[1]));
    return file_install_two(ends, arg[1] & SOCK_CLOEXEC, arg[3]);
}

/* ---- Names ---- */

SYSCALL_DEFINE(bind)
{
    struct socket_address address;
    struct file *file;
    struct socket *s;
    int err = socket_arg(arg[0], &file, &s);
    if (!err)
        err = name_read_address(arg[1], (unsigned)arg[2], &address);
    return err ?: name_bind(s, &address);
}

/* The name of s, with a reference; or NULL. */
static struct socket_name *
get_name(const struct socket *s)
{
    spin_guard(&socket_lock);
    return name_ref(s->name);
}

SYSCALL_DEFINE(getsockname)
{
    struct file *file;
    struct socket *s;
    int err = socket_arg(arg[0], &file, &s);
    if (err)
        return err;
    struct socket_name *name = get_name(s);
    err = arg[1] ? address_arg_write(name, ADDRESS_UNNAMED, arg[1], arg[2])
                 : -EFAULT;
    name_put(name);
    return err;
}

SYSCALL_DEFINE(getpeername)
{
    struct file *file;
    struct socket *s;
    int err = socket_arg(arg[0], &file, &s);
    if (err)
        return err;
    spin_lock(&socket_lock);
    bool connected = s->peer != NULL;
    struct socket_name *name = connected ? name_ref(s->peer->name) : NULL;
    spin_unlock(&socket_lock);
    if (!connected)
        return -ENOTCONN;
    err = arg[1] ? address_arg_write(name, ADDRESS_UNNAMED, arg[1], arg[2])
                 : -EFAULT;
    name_put(name);
    return err;
}

/* ---- Connections ---- */

SYSCALL_DEFINE(listen)
{
    struct file *file;
    struct socket *s;
    int err = socket_arg(arg[0], &file, &s);
    return err ?: socket_listen(s, (int)arg[1]);
}

SYSCALL_DEFINE(connect)
{
    struct socket_address address;
    struct socket *s, *target;
    struct file *file;
    uint16_t family = AF_UNIX;
    int err = socket_arg(arg[0], &file, &s);
    if (err)
        return err;
    if (!socket_is_paired(s) && (unsigned)arg[2] >= sizeof(family) &&
        arg_read(&family, arg[1]) == 0 && family == AF_UNSPEC)
        return socket_connect(s, NULL, true);
    err = name_read_address(arg[1], (unsigned)arg[2], &address);
    if (!err)
        err = name_find(&address, s->type, &target);
    if (err)
        return err;
    err = socket_connect(s, target, file_is_nonblocking(file));
    socket_put(target);
    return err;
}

/* Gives the connection a descriptor. One that cannot have it stays where it was
 * until there is room. */
static int
accept_as_file(struct socket *s, struct socket *connection, uint64_t flags,
               struct file **out)
{
    struct file *file = socket_open(connection, flags & SOCK_NONBLOCK);
    if (!file) {
        socket_unaccept(s, connection);
        return -ENOMEM;
    }
    int fd = install_socket(file_ref(file), flags);
    if (fd < 0) {
        socket_unaccept(s, socket_detach(file));
        file_put(file);
        return fd;
    }
    *out = file;
    return fd;
}

static int64_t
accept_one(const uint64_t arg[6], uint64_t flags)
{
    struct socket *s, *connection;
    struct file *file, *accepted = NULL;
    int err = socket_arg(arg[0], &file, &s);
    if (!err && ((unsigned)flags & ~TYPE_FLAGS))
        err = -EINVAL;
    if (!err)
        err = socket_accept(s, file_is_nonblocking(file), &connection);
    if (err)
        return err;
    int fd = accept_as_file(s, connection, flags, &accepted);
    if (fd < 0)
        return fd;
    spin_lock(&socket_lock);
    struct socket_name *name =
        connection->peer ? name_ref(connection->peer->name) : NULL;
    spin_unlock(&socket_lock);
    err = address_arg_write(name, ADDRESS_UNNAMED, arg[1], arg[2]);
    name_put(name);
    if (err)
        (void)!fdtable_close(process_current()->fdtable, fd);
    file_put(accepted);
    return err ?: fd;
}

SYSCALL_IS(accept, accept_one(arg, 0))
SYSCALL_IS(accept4, accept_one(arg, arg[3]))

SYSCALL_DEFINE(shutdown)
{
    static const unsigned directions[] = {
        [SHUT_RD] = SOCKET_SHUT_READ,
        [SHUT_WR] = SOCKET_SHUT_WRITE,
        [SHUT_RDWR] = SOCKET_SHUT_READ | SOCKET_SHUT_WRITE,
    };
    struct file *file;
    struct socket *s;
    int err = socket_arg(arg[0], &file, &s);
    if (err)
        return err;
    if ((unsigned)arg[1] >= ARRAY_LEN(directions))
        return -EINVAL;
    socket_shutdown(s, directions[(unsigned)arg[1]]);
    return 0;
}
