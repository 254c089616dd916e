#include "fs/epoll.h"

#include "abi/epoll.h"
#include "fs/poll.h"
#include "lib/refcount.h"
#include "mm/slab.h"

#define NEVER UINT64_MAX /* no count of events is that */

struct epoll {
    struct waitq changed; /* the list */
    /* guarded by epoll_lock */
    struct list_node items; /* by number */
    uint64_t last_number;
    unsigned inner, outer;  /* lists on this one; that this one is on */
    uint64_t last_reported; /* the number where the next look begins */
};

/* An entry of a list. */
struct item {
    struct list_node node, file_node; /* of owner's list, and of file's */
    /* constant while it is on the list */
    struct epoll *owner;
    struct file *file; /* without a reference */
    int fd;
    uint64_t number; /* in the order of the list */
    /* guarded by epoll_lock */
    struct epoll_event event;
    uint64_t seen; /* its queues' events when it was last reported */
};

static struct spinlock epoll_lock = SPINLOCK_INIT("epoll", RANK_EPOLL);

static const struct file_ops epoll_ops;

static struct epoll *
epoll_of(const struct file *file)
{
    return file->ops == &epoll_ops ? file->private : NULL;
}

static struct item *
find_item_locked(const struct epoll *owner, const struct file *file, int fd)
    REQUIRES(epoll_lock)
{
    return list_find(struct item, item, &owner->items, node,
                     item->file == file && item->fd == fd);
}

static void
remove_item_locked(struct item *item) REQUIRES(epoll_lock)
{
    struct epoll *inner = epoll_of(item->file);
    if (inner) {
        item->owner->inner--;
        inner->outer--;
    }
    list_del(&item->node);
    list_del(&item->file_node);
    kfree(item);
}

void
epoll_forget(struct file *file)
{
    struct item *item;
    if (likely(!file->is_watched))
        return;
    spin_guard(&epoll_lock);
    while ((item = list_first(struct item, &file->watchers, file_node)))
        remove_item_locked(item);
}

/* ---- Changing a list ---- */

/* A list on a list is as deep as it goes: so there are no circles. */
static int
add_item_locked(struct item *item) REQUIRES(epoll_lock)
{
    struct epoll *inner = epoll_of(item->file);
    if (inner && (inner->inner > 0 || item->owner->outer > 0))
        return -ELOOP;
    if (inner) {
        item->owner->inner++;
        inner->outer++;
    }
    if (!item->file->is_watched)
        list_init(&item->file->watchers);
    item->file->is_watched = true;
    item->number = ++item->owner->last_number;
    list_push_back(&item->owner->items, &item->node);
    list_push_back(&item->file->watchers, &item->file_node);
    return 0;
}

static int
add(struct epoll *owner, int fd, struct file *file,
    const struct epoll_event *event)
{
    FREED struct item *item = kmalloc(sizeof(*item));
    if (!item)
        return -ENOMEM;
    *item = (struct item){
        .owner = owner, .file = file, .fd = fd, .event = *event, .seen = NEVER};
    spin_guard(&epoll_lock);
    if (find_item_locked(owner, file, fd))
        return -EEXIST;
    int err = add_item_locked(item);
    if (err)
        return err;
    waitq_notify(&owner->changed);
    item = NULL; /* it is the list's */
    return 0;
}

/* Changes an entry, or takes it off if event is NULL. */
static int
change(struct epoll *owner, int fd, struct file *file,
       const struct epoll_event *event)
{
    spin_guard(&epoll_lock);
    struct item *item = find_item_locked(owner, file, fd);
    if (!item)
        return -ENOENT;
    if (!event) {
        remove_item_locked(item);
        return 0;
    }
    if (item->event.events & EPOLLEXCLUSIVE)
        return -EINVAL;
    item->event = *event;
    item->seen = NEVER;
    waitq_notify(&owner->changed);
    return 0;
}

int
epoll_control(struct file *epoll, int op, int fd, struct file *file,
              const struct epoll_event *event)
{
    struct epoll *owner = epoll_of(epoll);
    if (!file->ops->poll)
        return -EPERM;
    if (!owner || file == epoll)
        return -EINVAL;
    bool exclusive = op != EPOLL_CTL_DEL && event->events & EPOLLEXCLUSIVE;
    if (exclusive &&
        (op == EPOLL_CTL_MOD || epoll_of(file) || event->events & EPOLLONESHOT))
        return -EINVAL;
    if (op == EPOLL_CTL_ADD)
        return add(owner, fd, file, event);
    if (op != EPOLL_CTL_MOD && op != EPOLL_CTL_DEL)
        return -EINVAL;
    return change(owner, fd, file, op == EPOLL_CTL_MOD ? event : NULL);
}

/* ---- Waiting ---- */

/* The next item behind *number whose file is not going, with a reference to
 * that; *number becomes its. Returns the file or NULL. */
static struct file *
next_file(const struct epoll *owner, uint64_t *number)
{
    spin_guard(&epoll_lock);
    const struct item *item =
        list_find(const struct item, i, &owner->items, node,
                  i->number > *number && refcount_try_add(&i->file->refs));
    if (item)
        *number = item->number;
    return item ? item->file : NULL;
}

/* What of `ready`, found when the queues had counted `events`, item number is
 * to report; marks it as reported if take is set. */
static unsigned
news_of(const struct epoll *owner, uint64_t number, unsigned ready,
        uint64_t events, bool take, struct epoll_event *out)
{
    spin_guard(&epoll_lock);
    struct item *item =
        list_find(struct item, i, &owner->items, node, i->number == number);
    uint32_t wanted = item ? item->event.events : 0;
    bool fresh = item && (!(wanted & EPOLLET) || item->seen != events);
    /* One that was reported once and for all wants nothing any more. */
    if (!fresh || !(wanted & ~(EPOLLET | EPOLLONESHOT)))
        return 0;
    unsigned news = ready & (wanted | POLL_ALWAYS);
    if (!news || !take)
        return news;
    *out = (struct epoll_event){.events = news, .data = item->event.data};
    item->seen = events;
    item->owner->last_reported = number;
    if (wanted & EPOLLONESHOT)
        item->event.events = EPOLLONESHOT;
    return news;
}

/* Asks the files with numbers above `from`, up to `to`. Returns how many of max
 * events there are; with out NULL just looks. */
static unsigned
ask_files(struct epoll *owner, struct poll_table *table, uint64_t from,
          uint64_t to, struct epoll_event *out, unsigned max)
{
    unsigned n = 0;
    struct file *file;
    while (n < max && from < to && (file = next_file(owner, &from))) {
        uint64_t before = table->events;
        unsigned ready = from <= to ? poll_file(file, table) : 0;
        struct epoll_event event;
        if (ready && news_of(owner, from, ready, table->events - before,
                             out != NULL, &event)) {
            if (out)
                out[n] = event;
            n++;
        }
        file_put(file);
    }
    return n;
}

int
epoll_wait(struct file *epoll, struct epoll_event *events, unsigned max,
           uint64_t deadline_ns)
{
    struct epoll *owner = epoll_of(epoll);
    struct poll_table table = {.file = epoll};
    unsigned n = 0;
    int err = 0;
    if (!owner)
        return -EINVAL;
    poll_begin(&table, deadline_ns);
    while (!err && n == 0) {
        uint64_t start = READ_ONCE(owner->last_reported);
        poll_wait(&table, &owner->changed);
        /* Those behind the last that was reported come first: none starves. */
        n = ask_files(owner, &table, start, UINT64_MAX, events, max);
        n += ask_files(owner, &table, 0, start, events + n, max - n);
        if (n == 0)
            err = poll_sleep(&table);
    }
    poll_end(&table);
    return n > 0 || err == -ETIMEDOUT ? (int)n : err;
}

static unsigned
epoll_poll(struct file *file, struct poll_table *table)
{
    struct epoll *owner = file->private;
    poll_wait(table, &owner->changed);
    return ask_files(owner, table, 0, UINT64_MAX, NULL, 1) ? POLL_IN : 0;
}

static void
epoll_release(struct file *file)
{
    FREED struct epoll *owner = file->private;
    struct item *item;
    spin_guard(&epoll_lock);
    while ((item = list_first(struct item, &owner->items, node)))
        remove_item_locked(item);
}

static const struct file_ops epoll_ops = {
    .release = epoll_release,
    .poll = epoll_poll,
    .is_stream = true,
};

struct file *
epoll_create(void)
{
    struct epoll *owner = kzalloc(sizeof(*owner));
    if (!owner)
        return NULL;
    waitq_init(&owner->changed);
    list_init(&owner->items);
    struct file *file = file_create(&epoll_ops, O_RDWR, owner);
    if (!file)
        kfree(owner);
    return file;
}
