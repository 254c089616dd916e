#include "ipc/socket.h"

#include "abi/errno.h"
#include "lib/refcount.h"
#include "ipc/message.h"
#include "ipc/name.h"
#include "ipc/socket_file.h"
#include "mm/slab.h"
#include "proc/process.h"
#include "proc/signal.h"

struct spinlock socket_lock = SPINLOCK_INIT("sockets", RANK_SOCKET);
struct list_node socket_all = LIST_INIT(socket_all);

/* ---- Lives ---- */

struct socket *
socket_create(int type)
{
    static uint64_t next_ino = 1; /* atomic */
    struct socket *s = kzalloc(sizeof(*s));
    if (!s)
        return NULL;
    s->type = type;
    s->ino = __atomic_fetch_add(&next_ino, 1, __ATOMIC_RELAXED);
    s->refs = 1;
    s->receive_ns = s->send_ns = WAIT_FOREVER;
    s->send_limit = s->receive_limit = SOCKET_BUFFER_DEFAULT;
    s->peer_cred = (struct ucred){0, UINT32_MAX, UINT32_MAX};
    waitq_init(&s->readable);
    waitq_init(&s->writable);
    waitq_init(&s->room);
    list_init(&s->peers);
    list_init(&s->peer_node);
    list_init(&s->queue);
    list_init(&s->carriers);
    list_init(&s->backlog);
    list_init(&s->backlog_node);
    list_init(&s->name_node);
    list_init(&s->all_node);
    return s;
}

struct socket *
socket_ref(struct socket *s)
{
    refcount_add(&s->refs);
    return s;
}

void
socket_put(struct socket *s)
{
    if (!refcount_drop(&s->refs))
        return;
    if (s->charge_of_connect)
        message_uncharge(s->charge_of_connect, 0, s->charged_user);
    name_put(s->name);
    kfree(s);
}

struct socket *
socket_set_peer_locked(struct socket *s, struct socket *target)
{
    struct socket *old = s->peer;
    list_del(&s->peer_node);
    s->peer = target ? socket_ref(target) : NULL;
    if (target)
        list_push_back(&target->peers, &s->peer_node);
    return old;
}

/* What is not received any more: its owner frees it without the lock. */
static void
empty_queue_locked(struct socket *s, struct list_node *messages)
    REQUIRES(socket_lock)
{
    list_splice_back(messages, &s->queue);
    list_init(&s->carriers);
    s->charge = s->count = 0;
}

/* Shuts down directions of the other end of a connection. */
static void
shut_peer_locked(struct socket *s, unsigned directions) REQUIRES(socket_lock)
{
    struct socket *other = s->peer;
    if (!other || !socket_is_paired(s))
        return;
    other->shut |= directions;
    waitq_notify(&other->readable);
    waitq_notify(&other->writable);
    waitq_wake_any(&other->room); /* where this one's senders wait */
}

/* The other end of a connection finds that this one has gone, and, if it had
 * not received everything, that something was lost. */
static void
hang_up_locked(struct socket *s, bool lost) REQUIRES(socket_lock)
{
    if (lost && s->peer && socket_is_paired(s))
        s->peer->error = ECONNRESET;
    shut_peer_locked(s, SOCKET_SHUT_READ | SOCKET_SHUT_WRITE);
}

void
socket_tell_senders_locked(struct socket *s)
{
    struct socket *sender;
    waitq_wake_any(&s->room);
    list_for_each_entry (sender, &s->peers, peer_node)
        waitq_notify(&sender->writable);
}

void
socket_close(struct socket *s, bool is_accepted)
{
    struct list_node messages = LIST_INIT(messages), *node;
    struct list_node backlog = LIST_INIT(backlog);
    spin_lock(&socket_lock);
    list_del(&s->all_node);
    s->state = SOCKET_CLOSED;
    s->shut = SOCKET_SHUT_READ | SOCKET_SHUT_WRITE;
    name_unbind_locked(s);
    hang_up_locked(s, !is_accepted || !list_is_empty(&s->queue));
    socket_tell_senders_locked(s);
    empty_queue_locked(s, &messages);
    list_splice_back(&backlog, &s->backlog);
    struct socket *peer = socket_set_peer_locked(s, NULL);
    struct dentry *place = s->place;
    s->place = NULL;
    spin_unlock(&socket_lock);

    message_free_all(&messages);
    while ((node = list_pop_front(&backlog)))
        socket_close(list_entry(node, struct socket, backlog_node), false);
    if (place)
        dentry_put(place);
    if (peer)
        socket_put(peer);
    socket_put(s);
}

/* ---- Connections ---- */

/* What SO_PEERCRED tells of the running thread. */
static struct ucred
own_peer_cred(void)
{
    const struct cred *cred = cred_current();
    return (struct ucred){process_current()->pid, cred->uid.effective,
                          cred->gid.effective};
}

/* The caller has just made both, or holds the lock. */
static void
pair_locked(struct socket *a, struct socket *b) REQUIRES(socket_lock)
{
    a->state = b->state = SOCKET_CONNECTED;
    (void)!socket_set_peer_locked(a, b);
    (void)!socket_set_peer_locked(b, a);
}

void
socket_pair(struct socket *a, struct socket *b)
{
    a->peer_cred = b->peer_cred = own_peer_cred();
    spin_guard(&socket_lock);
    pair_locked(a, b);
}

int
socket_listen(struct socket *s, int backlog)
{
    if (!socket_is_paired(s))
        return -EOPNOTSUPP;
    spin_guard(&socket_lock);
    if (!s->name || s->state == SOCKET_CONNECTED)
        return -EINVAL;
    s->state = SOCKET_LISTENING;
    s->backlog_max = MIN((unsigned)backlog, (unsigned)SOMAXCONN);
    s->peer_cred = own_peer_cred(); /* for those who connect */
    waitq_wake_any(&s->room);
    return 0;
}

uint64_t
socket_wait_begin(uint64_t timeout_ns)
{
    return timeout_ns == WAIT_FOREVER ? WAIT_FOREVER
                                      : signal_wait_begin(timeout_ns);
}

int64_t
socket_wait_end(int64_t result, uint64_t timeout_ns, uint64_t deadline_ns)
{
    if (timeout_ns != WAIT_FOREVER)
        (void)!signal_wait_end(result == -EINTR ? -EINTR : 0, deadline_ns);
    return result;
}

int
socket_wait_locked(struct waitq *wq, bool nonblock, uint64_t deadline_ns)
{
    if (nonblock)
        return -EAGAIN;
    int err = waitq_sleep_until(wq, &socket_lock, deadline_ns);
    return err == -ETIMEDOUT ? -EAGAIN : err;
}

/* Waits until the listener can take one more connection of s. */
static int
wait_for_backlog_locked(const struct socket *s, struct socket *listener,
                        bool nonblock, uint64_t deadline_ns)
    REQUIRES(socket_lock)
{
    for (;;) {
        if (s->state != SOCKET_FREE)
            return s->state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
        if (listener->state != SOCKET_LISTENING ||
            listener->shut & SOCKET_SHUT_READ)
            return -ECONNREFUSED;
        if (listener->backlog_count <= listener->backlog_max)
            return 0;
        int err = socket_wait_locked(&listener->room, nonblock, deadline_ns);
        if (err)
            return err;
    }
}

/* Makes the listener's end of a connection of the running thread, whose user
 * pays for it: no descriptor of the listener's does before it is accepted, and
 * it keeps the other end, too. */
static int
create_end(int type, struct socket **out)
{
    struct socket *end = socket_create(type);
    if (!end)
        return -ENOMEM;
    int err = message_charge(2 * sizeof(*end), 0, &end->charged_user);
    if (err) {
        socket_put(end);
        return err;
    }
    end->charge_of_connect = 2 * sizeof(*end);
    end->peer_cred = own_peer_cred();
    *out = end;
    return 0;
}

/* The listener's end is there at once, and can be sent to before anybody has
 * accepted it. */
static int
connect_pair(struct socket *s, struct socket *listener, bool nonblock)
{
    struct socket *end = NULL;
    int err = create_end(s->type, &end);
    if (err)
        return err;
    uint64_t deadline = socket_wait_begin(s->send_ns);
    spin_lock(&socket_lock);
    err = wait_for_backlog_locked(s, listener, nonblock, deadline);
    if (!err) {
        s->peer_cred = listener->peer_cred;
        end->name = name_ref(listener->name);
        end->passes_cred = listener->passes_cred;
        pair_locked(s, end);
        list_push_back(&listener->backlog, &end->backlog_node);
        listener->backlog_count++;
        waitq_notify(&listener->readable);
        waitq_notify(&s->writable);
    }
    spin_unlock(&socket_lock);
    if (err)
        socket_put(end);
    return (int)socket_wait_end(err, s->send_ns, deadline);
}

/* What came from elsewhere before is dropped, and who sent it is told. */
static void
drop_datagrams_locked(struct socket *s, struct list_node *messages)
    REQUIRES(socket_lock)
{
    if (s->peer->peer == s && !list_is_empty(&s->queue)) {
        s->peer->error = ECONNRESET;
        waitq_notify(&s->peer->readable);
        waitq_notify(&s->peer->writable);
    }
    empty_queue_locked(s, messages);
}

static int
connect_datagrams(struct socket *s, struct socket *target)
{
    struct list_node messages = LIST_INIT(messages);
    struct socket *old = NULL;
    int err = 0;
    spin_lock(&socket_lock);
    if (target && target->peer && target->peer != s) {
        err = -EPERM;
    } else if (target != s->peer) {
        if (s->peer && !s->is_receiving)
            drop_datagrams_locked(s, &messages);
        old = socket_set_peer_locked(s, target);
        s->state = target ? SOCKET_CONNECTED : SOCKET_FREE;
        waitq_notify(&s->writable);
        socket_tell_senders_locked(s); /* of whom it may want no more */
    }
    spin_unlock(&socket_lock);
    message_free_all(&messages);
    if (old)
        socket_put(old);
    return err;
}

int
socket_connect(struct socket *s, struct socket *target, bool nonblock)
{
    return socket_is_paired(s) ? connect_pair(s, target, nonblock)
                               : connect_datagrams(s, target);
}

static int
accept_locked(struct socket *s, bool nonblock, uint64_t deadline_ns,
              struct socket **out) REQUIRES(socket_lock)
{
    struct list_node *node;
    while (!(node = list_pop_front(&s->backlog))) {
        if (s->state != SOCKET_LISTENING || s->shut & SOCKET_SHUT_READ)
            return -EINVAL;
        int err = socket_wait_locked(&s->readable, nonblock, deadline_ns);
        if (err)
            return err;
    }
    s->backlog_count--;
    waitq_wake_any(&s->room);
    *out = list_entry(node, struct socket, backlog_node);
    return 0;
}

int
socket_accept(struct socket *s, bool nonblock, struct socket **out)
{
    if (!socket_is_paired(s))
        return -EOPNOTSUPP;
    uint64_t deadline = socket_wait_begin(s->receive_ns);
    spin_lock(&socket_lock);
    int err = accept_locked(s, nonblock, deadline, out);
    spin_unlock(&socket_lock);
    return (int)socket_wait_end(err, s->receive_ns, deadline);
}

void
socket_unaccept(struct socket *s, struct socket *connection)
{
    spin_lock(&socket_lock);
    socket_begin_walk_locked();
    bool circle = socket_leads_to_locked(connection, s);
    if (!circle) {
        list_push_front(&s->backlog, &connection->backlog_node);
        s->backlog_count++;
        waitq_notify(&s->readable);
    }
    spin_unlock(&socket_lock);
    if (circle)
        socket_close(connection, false);
}

void
socket_shutdown(struct socket *s, unsigned directions)
{
    unsigned theirs = (directions & SOCKET_SHUT_READ ? SOCKET_SHUT_WRITE : 0) |
                      (directions & SOCKET_SHUT_WRITE ? SOCKET_SHUT_READ : 0);
    spin_guard(&socket_lock);
    s->shut |= directions;
    waitq_notify(&s->readable);
    waitq_notify(&s->writable);
    socket_tell_senders_locked(s);
    shut_peer_locked(s, theirs);
}

int
socket_take_error(struct socket *s)
{
    spin_guard(&socket_lock);
    int error = s->error;
    s->error = 0;
    return error;
}

static uint64_t walks; /* guarded by socket_lock */

void
socket_begin_walk_locked(void)
{
    walks++;
}

bool
socket_leads_to_locked(struct socket *from, const struct socket *to)
{
    struct socket *todo = from, *next;
    const struct message *m;
    if (from->walk == walks)
        return false;
    from->walk = walks;
    from->walk_next = NULL;
    while (todo && todo != to) {
        struct socket *s = todo;
        todo = s->walk_next;
        list_for_each_entry (next, &s->backlog, backlog_node) {
            next->walk_next = todo; /* it is in no other backlog or queue */
            todo = next;
        }
        list_for_each_entry (m, &s->carriers, carrier_node)
            for (unsigned i = 0; i < m->rights->count; i++) {
                next = socket_of(m->rights->files[i]);
                if (!next || next->walk == walks)
                    continue;
                next->walk = walks;
                next->walk_next = todo;
                todo = next;
            }
    }
    return todo != NULL;
}

bool
socket_has_room_locked(const struct socket *s, struct socket *target)
{
    bool has_room = target->charge < s->send_limit &&
                    (socket_is_paired(s) || target->peer == s ||
                     target->count <= SOCKET_DATAGRAMS_MAX);
    target->is_wanted |= !has_room;
    return has_room;
}
