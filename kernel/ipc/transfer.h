/* Sending and receiving.
 *
 * A stream's bytes are sent in pieces, each a message, and received however
 * much of how many messages is asked for; others keep messages whole. Thread
 * context, may block. */
#pragma once

#include "ipc/name.h"
#include "mm/uio.h"

struct rights;

/* What is sent beside the bytes. */
struct outgoing {
    const struct socket_address *to; /* NULL: the peer */
    struct rights *rights;           /* or NULL; sending takes it over */
    struct ucred cred;
    bool nonblock;
};

/* Sends what is in uio. Returns the bytes sent; -ENOTCONN, -EISCONN,
 * -EOPNOTSUPP (a name, for a stream), -EMSGSIZE, -EPIPE, -ECONNREFUSED,
 * -EPERM (the receiver wants none of this one's), -EAGAIN, -EINTR, -EFAULT,
 * -ENOBUFS, -ETOOMANYREFS (too many files are on their way, or one of them is
 * a socket that keeps the receiver), or as name_find. */
int64_t transfer_send(struct socket *s, struct uio *uio,
                      struct outgoing *outgoing) MUST_CHECK;

/* What is received beside the bytes, to be let go of by transfer_end. */
struct incoming {
    unsigned flags; /* MSG_PEEK, MSG_TRUNC, MSG_WAITALL */
    bool nonblock;

    /* answers */
    unsigned answers;         /* MSG_TRUNC: a message was longer than uio */
    struct socket_name *from; /* the sender's, with a reference; or NULL */
    struct ucred cred;
    struct rights *rights; /* or NULL */
};

/* Fills uio. Returns the bytes received (with MSG_TRUNC, those of the whole
 * message), 0 at the end, -ENOTCONN or -EINVAL (it is not connected), -EAGAIN,
 * -EINTR, -EFAULT, or an error that the socket had, as -ECONNRESET. */
int64_t transfer_receive(struct socket *s, struct uio *uio,
                         struct incoming *incoming) MUST_CHECK;

void transfer_end(struct incoming *incoming);

/* Bytes that can be received; of datagrams, those of the first. */
size_t transfer_count(struct socket *s);
