/* Unix-domain sockets [unix(7)]: what processes talk through on one machine.
 *
 * Owns struct socket and, together with its neighbours, all there is to it:
 * names (ipc/name.h), messages (ipc/message.h), how they are sent and received
 * (ipc/transfer.h), what goes beside their bytes (ipc/control.h), and the file
 * that it is to a program (ipc/socket_file.h). One spin lock guards every
 * socket's state, queue and name: most questions are about two of them, and
 * each is answered in a few list operations. Bytes are copied without it.
 * Thread context, may block, unless said otherwise. */
#pragma once

#include "abi/socket.h"
#include "fs/file.h"
#include "proc/waitq.h"

struct message;
struct socket_name;

enum socket_state {
    SOCKET_FREE, /* connected to nobody */
    SOCKET_LISTENING,
    SOCKET_CONNECTED,
    SOCKET_CLOSED, /* no file has it any more */
};

/* Directions that are shut down. */
#define SOCKET_SHUT_READ  1u
#define SOCKET_SHUT_WRITE 2u

/* What SO_SNDBUF may be set to, and is to begin with: of a queue's memory, how
 * much there may be before its sender has to wait. */
#define SOCKET_BUFFER_MIN     4608u
#define SOCKET_BUFFER_MAX     425984u
#define SOCKET_BUFFER_DEFAULT 212992u

/* Messages that a datagram socket holds for those it is not connected to. */
#define SOCKET_DATAGRAMS_MAX 10u

struct socket {
    /* constant after creation */
    int type; /* SOCK_* */
    uint64_t ino;
    size_t charge_of_connect; /* memory, for a connection; or 0, */
    unsigned charged_user;    /* and whose share that is of */

    /* atomic */
    uint32_t refs; /* the file or backlog, sockets connected to it, waiters */
    uint64_t receive_ns, send_ns; /* how long to wait; WAIT_FOREVER */
    size_t send_limit, receive_limit;
    bool passes_cred;    /* messages are received with credentials */
    bool reuses_address; /* as was asked for; it makes no difference */

    struct waitq readable, writable; /* for who has the file */
    struct waitq room; /* for who wants to send here, or to connect */

    /* guarded by socket_lock */
    enum socket_state state;
    unsigned shut;              /* SOCKET_SHUT_* */
    int error;                  /* for SO_ERROR, or the next call */
    struct socket *peer;        /* where messages go, with a reference */
    struct list_node peers;     /* those whose peer this one is, */
    struct list_node peer_node; /* by this */
    struct ucred peer_cred;     /* of who connected, or listened, back then */
    struct list_node queue;     /* messages to be received */
    struct list_node carriers;  /* those of them that carry sockets */
    size_t charge;              /* their memory */
    unsigned count;
    bool is_wanted;    /* somebody was told that there is no room */
    bool is_receiving; /* some thread copies from the first on; nobody else
                        * takes messages away */
    struct list_node backlog, backlog_node; /* sockets to be accepted */
    unsigned backlog_count, backlog_max;
    struct socket_name *name;   /* with a reference; NULL: none */
    struct list_node name_node; /* in ipc/name.c's table, if bound to it */
    struct dentry *place;       /* its path, with a reference */
    struct list_node all_node;  /* of socket_all, while a file has it */
    struct socket *walk_next;   /* see socket_leads_to_locked */
    uint64_t walk;
};

extern struct spinlock socket_lock;

/* All that files have, in the order in which they got them; guarded by
 * socket_lock. */
extern struct list_node socket_all;

/* Whether it is a connection of two, whose ends see each other go. */
static inline bool
socket_is_paired(const struct socket *s)
{
    return s->type != SOCK_DGRAM;
}

/* Makes a socket that no file has yet, with one reference, or NULL without
 * memory. */
struct socket *socket_create(int type);

/* Nobody has s any more but those who send to it; drops the reference that was
 * its file's or, if it is not accepted, its backlog's. What it had not received
 * is lost, and connections that nobody has accepted go with it. May block. */
void socket_close(struct socket *s, bool is_accepted);

struct socket *socket_ref(struct socket *s);
void socket_put(struct socket *s);

/* Makes two fresh sockets each other's peers. */
void socket_pair(struct socket *a, struct socket *b);

/* Lets up to backlog connections and one more wait to be accepted.
 * Returns 0, -EINVAL (no name, or connected), -EOPNOTSUPP. */
int socket_listen(struct socket *s, int backlog) MUST_CHECK;

/* Connects s to `target`, which stays the caller's. A connection of two waits,
 * unless nonblock, until there is room in the backlog; a datagram socket just
 * sends there from now on, or nowhere if target is NULL.
 * Returns 0, -ECONNREFUSED, -EISCONN, -EINVAL (it listens), -EPERM (target
 * wants none of this one's), -EAGAIN, -EINTR, -ENOMEM, -ENOBUFS (more than this
 * user's share). */
int socket_connect(struct socket *s, struct socket *target, bool nonblock)
    MUST_CHECK;

/* Takes a connection off the backlog, waiting for one unless nonblock.
 * Returns 0 with a reference in *out, -EINVAL (it does not listen, or is shut
 * down), -EOPNOTSUPP, -EAGAIN, -EINTR. socket_unaccept puts it back, with the
 * reference; or closes it, if it has been sent what leads to s. May block. */
int socket_accept(struct socket *s, bool nonblock, struct socket **out)
    MUST_CHECK;
void socket_unaccept(struct socket *s, struct socket *connection);

/* Shuts down SOCKET_SHUT_* directions, which a connected peer sees. */
void socket_shutdown(struct socket *s, unsigned directions);

/* Returns the error that s has for SO_ERROR, and forgets it. */
int socket_take_error(struct socket *s);

/* Waits on wq until deadline_ns, as waitq_sleep_until, if nonblock is not set.
 * Returns 0, -EAGAIN (also at the deadline), -EINTR. */
int
socket_wait_locked(struct waitq *wq, bool nonblock, uint64_t deadline_ns)
    REQUIRES(socket_lock)
MUST_CHECK;

/* When a wait of timeout_ns (WAIT_FOREVER: any time) ends; and says how it
 * did. */
uint64_t socket_wait_begin(uint64_t timeout_ns);
int64_t socket_wait_end(int64_t result, uint64_t timeout_ns,
                        uint64_t deadline_ns);

/* Makes s send to target, or to nobody if that is NULL. Returns what it sent to
 * before, with the reference, or NULL. */
struct socket *
socket_set_peer_locked(struct socket *s, struct socket *target)
    REQUIRES(socket_lock)
MUST_CHECK;

/* Whether a message of s would be taken by target now. */
bool socket_has_room_locked(const struct socket *s, struct socket *target)
    REQUIRES(socket_lock);

/* Tells those who send to s that there is room, or that it has gone. */
void socket_tell_senders_locked(struct socket *s) REQUIRES(socket_lock);

/* Whether the file of `to` is kept by `from`: it is in a queue of from, or in
 * one of a socket that is in such a queue, and so on. Where the walk has been
 * since it began, with another `from` and the same `to`, it looks no more. */
void socket_begin_walk_locked(void) REQUIRES(socket_lock);
bool socket_leads_to_locked(struct socket *from, const struct socket *to)
    REQUIRES(socket_lock);
