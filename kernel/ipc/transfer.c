#include "ipc/transfer.h"

#include "abi/errno.h"
#include "ipc/message.h"
#include "ipc/socket_file.h"

/* Bytes of a stream that make one message: with its header, one block. */
#define PIECE (16384u - sizeof(struct message))

/* ---- Sending ---- */

/* Takes the error that s has, or 0. */
static int
take_error_locked(struct socket *s) REQUIRES(socket_lock)
{
    int err = -s->error;
    s->error = 0;
    return err;
}

/* Whether s may send to target, room aside. */
static int
check_sending_locked(struct socket *s, const struct socket *target)
    REQUIRES(socket_lock)
{
    if (s->shut & SOCKET_SHUT_WRITE)
        return -EPIPE;
    if (s->error)
        return take_error_locked(s);
    if (target->state == SOCKET_CLOSED)
        return socket_is_paired(s) ? -EPIPE : -ECONNREFUSED;
    if (!socket_is_paired(s) && target->peer && target->peer != s)
        return -EPERM;
    return target->shut & SOCKET_SHUT_READ ? -EPIPE : 0;
}

static int
wait_for_room_locked(struct socket *s, struct socket *target, bool nonblock,
                     uint64_t deadline_ns) REQUIRES(socket_lock)
{
    int err = check_sending_locked(s, target);
    while (!err && !socket_has_room_locked(s, target)) {
        err = socket_wait_locked(&target->room, nonblock, deadline_ns);
        if (!err)
            err = check_sending_locked(s, target);
    }
    return err;
}

/* Files that keep the receiver would keep it for ever. */
static bool
makes_circle_locked(const struct rights *rights, const struct socket *target)
    REQUIRES(socket_lock)
{
    bool circle = false;
    socket_begin_walk_locked();
    for (unsigned i = 0; i < rights->count && !circle; i++) {
        struct socket *sent = socket_of(rights->files[i]);
        circle = sent && socket_leads_to_locked(sent, target);
    }
    return circle;
}

/* Puts m into target's queue, which takes it over if that succeeds. */
static int
post(struct socket *s, struct socket *target, struct message *m, bool nonblock,
     uint64_t deadline_ns)
{
    bool carries = m->rights && m->rights->has_sockets;
    spin_guard(&socket_lock);
    int err = wait_for_room_locked(s, target, nonblock, deadline_ns);
    if (err)
        return err;
    if (carries && makes_circle_locked(m->rights, target))
        return -ETOOMANYREFS;
    m->from = name_ref(s->name);
    list_push_back(&target->queue, &m->node);
    if (carries)
        list_push_back(&target->carriers, &m->carrier_node);
    target->charge += m->charge;
    target->count++;
    waitq_notify(&target->readable);
    return 0;
}

/* A message of the next len bytes of uio, with the files of outgoing if there
 * are any left. */
static int
compose(struct uio *uio, size_t len, struct outgoing *outgoing,
        struct message **out)
{
    struct message *m;
    int err = message_create(len, outgoing->rights, &m);
    if (err)
        return err;
    outgoing->rights = NULL;
    m->cred = outgoing->cred;
    if (uio_drain(uio, m->bytes, len) != (int64_t)len) {
        message_free(m);
        return -EFAULT;
    }
    *out = m;
    return 0;
}

static int64_t
send_stream(struct socket *s, struct socket *target, struct uio *uio,
            struct outgoing *outgoing, uint64_t deadline_ns)
{
    size_t total = uio->residual, done = 0;
    size_t piece = MIN(PIECE, s->send_limit / 2);
    int err = 0;
    while (!err && done < total) {
        struct message *m;
        size_t len = MIN(uio->residual, piece);
        err = compose(uio, len, outgoing, &m);
        if (err)
            break;
        err = post(s, target, m, outgoing->nonblock, deadline_ns);
        if (err)
            message_free(m);
        else
            done += len;
    }
    return done > 0 ? (int64_t)done : err;
}

static int64_t
send_packet(struct socket *s, struct socket *target, struct uio *uio,
            struct outgoing *outgoing, uint64_t deadline_ns)
{
    size_t len = uio->residual;
    struct message *m;
    if (len + sizeof(*m) > s->send_limit)
        return -EMSGSIZE;
    int err = compose(uio, len, outgoing, &m);
    if (err)
        return err;
    err = post(s, target, m, outgoing->nonblock, deadline_ns);
    if (err)
        message_free(m);
    return err ?: (int64_t)len;
}

/* Where outgoing goes, with a reference. */
static int
find_target(struct socket *s, const struct outgoing *outgoing,
            struct socket **out)
{
    const struct socket_address *to = outgoing->to;
    if (to && s->type == SOCK_STREAM)
        return READ_ONCE(s->state) == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    if (to && s->type == SOCK_DGRAM)
        return name_find(to, SOCK_DGRAM, out);
    spin_guard(&socket_lock);
    *out = s->peer ? socket_ref(s->peer) : NULL;
    return *out ? 0 : -ENOTCONN;
}

/* A peer that has gone is forgotten. */
static void
forget_peer(struct socket *s, struct socket *target)
{
    struct socket *old = NULL;
    spin_lock(&socket_lock);
    if (s->peer == target) {
        old = socket_set_peer_locked(s, NULL);
        s->state = SOCKET_FREE;
    }
    spin_unlock(&socket_lock);
    if (old)
        socket_put(old);
}

int64_t
transfer_send(struct socket *s, struct uio *uio, struct outgoing *outgoing)
{
    struct socket *target;
    int64_t n = find_target(s, outgoing, &target);
    if (n == 0) {
        uint64_t deadline = socket_wait_begin(s->send_ns);
        n = s->type == SOCK_STREAM
                ? send_stream(s, target, uio, outgoing, deadline)
                : send_packet(s, target, uio, outgoing, deadline);
        socket_wait_end(n, s->send_ns, deadline);
        if (n == -ECONNREFUSED)
            forget_peer(s, target);
        socket_put(target);
    }
    rights_free(outgoing->rights);
    outgoing->rights = NULL;
    return n;
}

/* ---- Receiving ---- */

/* Waits for a message and for this thread's turn. Returns 1 with the turn, 0 at
 * the end, or an error. */
static int
begin_locked(struct socket *s, bool nonblock, uint64_t deadline_ns)
    REQUIRES(socket_lock)
{
    while (list_is_empty(&s->queue) || s->is_receiving) {
        if (list_is_empty(&s->queue) && s->error)
            return take_error_locked(s);
        if (list_is_empty(&s->queue) && (s->shut & SOCKET_SHUT_READ))
            return 0;
        int err = socket_wait_locked(&s->readable, nonblock, deadline_ns);
        if (err)
            return err;
    }
    s->is_receiving = true;
    return 1;
}

static void
end_turn_locked(struct socket *s) REQUIRES(socket_lock)
{
    s->is_receiving = false;
    waitq_wake_any(&s->readable); /* for their turn */
}

/* Takes m off the queue. */
static void
remove_locked(struct socket *s, struct message *m) REQUIRES(socket_lock)
{
    list_del(&m->node);
    list_del(&m->carrier_node);
    s->charge -= m->charge;
    s->count--;
    if (s->is_wanted)
        socket_tell_senders_locked(s);
    s->is_wanted = false;
}

/* Notes what goes with the bytes of m: with the first of them, its files, which
 * are copied if it is only looked at. */
static void
note(struct message *m, struct incoming *incoming)
{
    incoming->cred = m->cred;
    if (!incoming->from)
        incoming->from = name_ref(m->from);
    if (!m->rights)
        return;
    if (incoming->flags & MSG_PEEK) {
        incoming->rights = message_copy_rights(m);
        return;
    }
    spin_guard(&socket_lock);
    list_del(&m->carrier_node);
    incoming->rights = message_take_rights(m);
}

static int64_t
receive_packet(struct socket *s, struct uio *uio, struct incoming *incoming,
               uint64_t deadline_ns)
{
    bool peek = incoming->flags & MSG_PEEK;
    spin_lock(&socket_lock);
    int64_t n = begin_locked(s, incoming->nonblock, deadline_ns);
    if (n <= 0) {
        spin_unlock(&socket_lock);
        return n;
    }
    struct message *m = list_entry(s->queue.next, struct message, node);
    spin_unlock(&socket_lock);

    size_t len = m->len, fits = MIN(len, uio->residual);
    n = uio_fill(uio, m->bytes, fits);
    bool ok =
        n == (int64_t)fits; /* else it stays for who has a better buffer */
    if (ok)
        note(m, incoming);

    spin_lock(&socket_lock);
    if (ok && !peek)
        remove_locked(s, m);
    end_turn_locked(s); /* after it, what was looked at may be gone */
    spin_unlock(&socket_lock);
    if (!ok)
        return -EFAULT;
    if (!peek)
        message_free(m);
    if (len > fits)
        incoming->answers |= MSG_TRUNC;
    return incoming->flags & MSG_TRUNC ? (int64_t)len : n;
}

/* Whether bytes of m may follow those of others in one answer: not after files,
 * nor if who asks for credentials would be told the wrong ones. */
static bool
may_follow(const struct socket *s, const struct message *m,
           const struct incoming *incoming)
{
    const struct ucred *a = &m->cred, *b = &incoming->cred;
    return !incoming->rights && !m->rights &&
           (!READ_ONCE(s->passes_cred) ||
            (a->pid == b->pid && a->uid == b->uid && a->gid == b->gid));
}

/* The message behind m in the queue, or NULL; without m, the first. */
static struct message *
next_message(struct socket *s, struct message *m)
{
    spin_guard(&socket_lock);
    struct list_node *node = m ? m->node.next : s->queue.next;
    return node == &s->queue ? NULL : list_entry(node, struct message, node);
}

/* Fills uio from m. Returns whether all of m was taken, or an error. */
static int
receive_piece(struct socket *s, struct message *m, struct uio *uio,
              struct incoming *incoming)
{
    size_t rest = m->len - m->taken;
    int64_t n = uio_fill(uio, m->bytes + m->taken, rest);
    if (n < 0)
        return (int)n;
    note(m, incoming);
    if (incoming->flags & MSG_PEEK)
        return (size_t)n == rest;
    spin_lock(&socket_lock);
    m->taken += (size_t)n;
    bool all = m->taken == m->len;
    if (all)
        remove_locked(s, m);
    spin_unlock(&socket_lock);
    if (all)
        message_free(m);
    return all;
}

/* Takes what there is, in this thread's turn. Returns 0 or an error. */
static int
receive_pieces(struct socket *s, struct uio *uio, struct incoming *incoming,
               bool is_first)
{
    struct message *m = NULL;
    int all = 1;
    while (uio->residual > 0 && all > 0 &&
           (m = next_message(s, incoming->flags & MSG_PEEK ? m : NULL)) &&
           (is_first || may_follow(s, m, incoming))) {
        all = receive_piece(s, m, uio, incoming);
        is_first = false;
    }
    return MIN(all, 0);
}

static int64_t
receive_stream(struct socket *s, struct uio *uio, struct incoming *incoming,
               uint64_t deadline_ns)
{
    size_t total = uio->residual, before;
    bool wants_all =
        (incoming->flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL;
    int64_t n = 0;
    if (total == 0)
        return 0;
    do {
        before = uio->residual;
        spin_lock(&socket_lock);
        n = begin_locked(s, incoming->nonblock, deadline_ns);
        spin_unlock(&socket_lock);
        if (n <= 0)
            break;
        n = receive_pieces(s, uio, incoming, before == total);
        spin_lock(&socket_lock);
        end_turn_locked(s);
        spin_unlock(&socket_lock);
    } while (n == 0 && wants_all && uio->residual > 0 &&
             uio->residual < before && !incoming->rights);
    size_t done = total - uio->residual;
    return done > 0 ? (int64_t)done : n;
}

int64_t
transfer_receive(struct socket *s, struct uio *uio, struct incoming *incoming)
{
    enum socket_state state = READ_ONCE(s->state);
    if (socket_is_paired(s) && state != SOCKET_CONNECTED)
        return s->type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
    uint64_t deadline = socket_wait_begin(s->receive_ns);
    int64_t n = s->type == SOCK_STREAM
                    ? receive_stream(s, uio, incoming, deadline)
                    : receive_packet(s, uio, incoming, deadline);
    return socket_wait_end(n, s->receive_ns, deadline);
}

void
transfer_end(struct incoming *incoming)
{
    name_put(incoming->from);
    rights_free(incoming->rights);
    incoming->from = NULL;
    incoming->rights = NULL;
}

size_t
transfer_count(struct socket *s)
{
    const struct message *m;
    size_t n = 0;
    spin_guard(&socket_lock);
    list_for_each_entry (m, &s->queue, node) {
        n += m->len - m->taken;
        if (s->type == SOCK_DGRAM)
            break;
    }
    return n;
}
