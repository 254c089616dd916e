/* Names of sockets: paths of the file system, and abstract ones.
 *
 * Owns the table that leads from names to sockets: a path by the inode it leads
 * to, an abstract name by its bytes. Guarded by socket_lock. Thread context,
 * may block, unless said otherwise. */
#pragma once

#include "ipc/socket.h"

/* An address as it came from a program, checked. len is 2 for no name. */
struct socket_address {
    unsigned len;
    struct sockaddr_un un;
    char end; /* a path may fill all of it */
};

/* What a socket is known by; shared by those it has accepted. */
struct socket_name {
    /* atomic */
    uint32_t refs;

    /* constant once others can see it */
    struct socket_address address; /* its len as getsockname tells it */
};

/* Reads an address of len bytes from user space. Returns 0, -EFAULT, -EINVAL
 * (a length or family that is none). */
int name_read_address(uint64_t user, unsigned len, struct socket_address *out)
    MUST_CHECK;

/* Gives s a name: makes a file of type socket, or takes an abstract name; a
 * free one if address has none. Returns 0, -EINVAL (it has one), -EADDRINUSE,
 * -ENOMEM, and the errors of path_lookup_parent and names_create. */
int name_bind(struct socket *s, const struct socket_address *address)
    MUST_CHECK;

/* Finds the socket of that name, which the caller may write to.
 * Returns 0 with a reference in *out, -ECONNREFUSED (nobody is there),
 * -EPROTOTYPE (of another type), -EACCES, -EINVAL (no name), and the errors of
 * path_lookup. */
int name_find(const struct socket_address *address, int type,
              struct socket **out) MUST_CHECK;

/* s is found by its name no more. Any context. */
void name_unbind_locked(struct socket *s) REQUIRES(socket_lock);

/* Any context; NULL is allowed. */
struct socket_name *name_ref(struct socket_name *name);
void name_put(struct socket_name *name);
