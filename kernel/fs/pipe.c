#include "fs/pipe.h"
#include "abi/limits.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "arch/layout.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/signal.h"

#define PAGES (PIPE_SIZE / PAGE_SIZE)

/* A ring of pages, each allocated when the first byte goes there. head and
 * tail count bytes since the pipe was last empty: tail <= head and
 * head - tail <= size. Who copies in has `filling`, who copies out has
 * `draining`: one of each at a time, and neither touches the other's bytes,
 * so they may copy without the lock. */
struct pipe {
    struct spinlock lock;
    struct waitq can_read, can_write;

    /* constant after creation */
    uint64_t ino;

    /* guarded by lock */
    uint64_t head, tail, size;
    bool filling, draining;
    unsigned readers, writers;            /* open files */
    unsigned reads_opened, writes_opened; /* so far */

    /* private to the owner: who has filling; freed with the pipe */
    char *page[PAGES];
};

/* st_dev of all pipes, as if they were files of one file system. */
#define PIPE_DEV MAKEDEV(0, 0xffff)

static uint64_t next_ino = 1; /* atomic */

/* Copies up to n bytes, from `at` on in the ring, page by page.
 * Returns the bytes copied, or the error if there were none. */
static ALWAYS_INLINE int64_t
copy(struct pipe *p, uint64_t at, size_t n, struct uio *uio, bool in)
{
    size_t done = 0;
    while (done < n) {
        size_t start = (at + done) % PAGE_SIZE;
        size_t len = MIN(n - done, PAGE_SIZE - start);
        char **page = &p->page[(at + done) / PAGE_SIZE % PAGES];
        if (!*page)
            *page = frame_alloc(0);
        int64_t moved = -ENOMEM;
        if (*page)
            moved = in ? uio_drain(uio, *page + start, len)
                       : uio_fill(uio, *page + start, len);
        if (moved < 0)
            return done ? (int64_t)done : moved;
        done += (size_t)moved;
        if ((size_t)moved < len)
            break; /* the rest cannot be accessed */
    }
    return (int64_t)done;
}

/* Waits until n bytes can go in: all of them if they are to stay together
 * [posix, write], else at least one; or until there is one to come out; and
 * until it is this thread's turn.
 * Returns how many can, 0 at the end of file, -EPIPE, -EAGAIN, -EINTR. */
static ALWAYS_INLINE int64_t
begin_locked(struct pipe *p, size_t n, bool in, bool nonblock) REQUIRES(p->lock)
{
    size_t need = in && n <= PIPE_BUF ? n : 1;
    for (;;) {
        size_t used = p->head - p->tail;
        size_t can = in ? p->size - used : used;
        if (in && p->readers == 0)
            return -EPIPE;
        if (can >= need && !(in ? p->filling : p->draining))
            return (int64_t)can;
        if (!in && used == 0 && p->writers == 0)
            return 0;
        if (nonblock)
            return -EAGAIN;
        int err = waitq_sleep_until(in ? &p->can_write : &p->can_read, &p->lock,
                                    WAIT_FOREVER);
        if (err)
            return err;
    }
}

/* Whether a write of PIPE_BUF bytes would go in at once. */
static bool
is_writable_locked(const struct pipe *p) REQUIRES(p->lock)
{
    return p->size - (p->head - p->tail) >= PIPE_BUF;
}

/* Moves, of n bytes, as many as can be now. Returns how many, or an error. */
static ALWAYS_INLINE int64_t
move_bytes(struct file *file, struct uio *uio, size_t n, bool in)
{
    struct pipe *p = file->private;
    bool *turn = in ? &p->filling : &p->draining;
    uint64_t *end = in ? &p->head : &p->tail;
    spin_lock(&p->lock);
    int64_t can = begin_locked(p, n, in, file_is_nonblocking(file));
    if (can <= 0) {
        spin_unlock(&p->lock);
        return can;
    }
    *turn = true;
    uint64_t at = *end;
    spin_unlock(&p->lock);

    int64_t moved = copy(p, at, MIN((size_t)can, uio->residual), uio, in);

    spin_lock(&p->lock);
    *turn = false;
    if (in && moved > 0)
        waitq_notify(&p->can_read);
    else if (!in && !is_writable_locked(p))
        waitq_notify(&p->can_write);
    waitq_wake_any(in ? &p->can_write : &p->can_read); /* for their turn */
    if (moved > 0)
        *end += (uint64_t)moved;
    if (!in && p->tail == p->head && !p->filling)
        p->tail = p->head = 0; /* the next bytes go to a page that is there */
    spin_unlock(&p->lock);
    return moved;
}

static int64_t
pipe_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return move_bytes(file, uio, uio->residual, false);
}

static int64_t
pipe_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    size_t total = uio->residual;
    while (uio->residual > 0) {
        int64_t n = move_bytes(file, uio, total, true);
        if (n >= 0)
            continue;
        if (n == -EPIPE)
            signal_send_current(SIGPIPE);
        if (uio->residual == total)
            return n;
        break;
    }
    return (int64_t)(total - uio->residual);
}

static void
pipe_free(struct pipe *p)
{
    for (unsigned i = 0; i < PAGES; i++)
        if (p->page[i])
            frame_free(p->page[i], 0);
    kfree(p);
}

/* Counts a file out. Returns whether that was the last, and the pipe gone. */
static bool
leave(struct pipe *p, const struct file *file)
{
    spin_lock(&p->lock);
    p->readers -= file_allows(file, FILE_READ);
    p->writers -= file_allows(file, FILE_WRITE);
    bool unused = p->readers + p->writers == 0;
    waitq_notify(&p->can_read);
    waitq_notify(&p->can_write);
    spin_unlock(&p->lock);
    if (unused)
        pipe_free(p);
    return unused;
}

static void
pipe_release(struct file *file)
{
    leave(file->private, file);
}

static void
pipe_stat(struct file *file, struct stat *st)
{
    const struct pipe *p = file->private;
    memset(st, 0, sizeof(*st));
    st->st_dev = PIPE_DEV;
    st->st_ino = p->ino;
    st->st_mode = S_IFIFO | S_IRUSR | S_IWUSR;
    st->st_nlink = 1;
    st->st_blksize = PAGE_SIZE;
}

static int64_t
pipe_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    struct pipe *p = file->private;
    if (command != FIONREAD)
        return -ENOTTY;
    spin_lock(&p->lock);
    int used = (int)(p->head - p->tail);
    spin_unlock(&p->lock);
    return uaccess_write(uaddr(arg), &used, sizeof(used));
}

/* A reader that has never seen a writer is told of none that left. */
static unsigned
pipe_poll(struct file *file, struct poll_table *table)
{
    struct pipe *p = file->private;
    unsigned ready = 0;
    spin_lock(&p->lock);
    if (file_allows(file, FILE_READ)) {
        poll_wait(table, &p->can_read);
        if (p->head != p->tail)
            ready |= POLL_IN;
        if (p->writers == 0 && p->writes_opened != file->offset)
            ready |= POLLHUP;
    }
    if (file_allows(file, FILE_WRITE)) {
        poll_wait(table, &p->can_write);
        if (is_writable_locked(p))
            ready |= POLL_OUT;
        if (p->readers == 0)
            ready |= POLLERR;
    }
    spin_unlock(&p->lock);
    return ready;
}

int64_t
pipe_set_size(struct file *file, uint64_t size)
{
    struct pipe *p = file->private;
    uint64_t pages = PAGE_SIZE;
    if (file->ops->read != pipe_read)
        return -EBADF;
    if (size > PIPE_SIZE)
        return -EPERM;
    while (pages < size)
        pages *= 2;
    spin_lock(&p->lock);
    int64_t result = (int64_t)p->size;
    if (size > 0 && (p->filling || p->head - p->tail > pages))
        result = -EBUSY;
    else if (size > 0)
        result = (int64_t)(p->size = pages);
    waitq_notify(&p->can_write); /* there may be more room */
    spin_unlock(&p->lock);
    return result;
}

/* An end is open for one direction only, which file_transfer sees to. */
static const struct file_ops pipe_ops = {
    .release = pipe_release,
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .stat = pipe_stat,
    .is_stream = true,
};

static struct pipe *
pipe_new(void)
{
    struct pipe *p = kzalloc(sizeof(*p));
    if (!p)
        return NULL;
    spin_init(&p->lock, "pipe", RANK_PIPE);
    waitq_init(&p->can_read);
    waitq_init(&p->can_write);
    p->size = PIPE_SIZE;
    p->ino = __atomic_fetch_add(&next_ino, 1, __ATOMIC_RELAXED);
    return p;
}

int
pipe_create(unsigned nonblock, struct file *ends[2])
{
    struct pipe *p = pipe_new();
    if (!p)
        return -ENOMEM;
    p->readers = p->writers = p->writes_opened = 1;

    ends[0] = file_create(&pipe_ops, O_RDONLY | nonblock, p);
    if (!ends[0]) {
        pipe_free(p);
        return -ENOMEM;
    }
    ends[1] = file_create(&pipe_ops, O_WRONLY | nonblock, p);
    if (!ends[1]) {
        p->writers = 0;
        file_put(ends[0]);
        return -ENOMEM;
    }
    return 0;
}

/* ---- Named pipes ---- */

static void
named_release(struct file *file)
{
    struct inode *inode = file->inode;
    sleeplock_lock(&inode->lock);
    if (leave(file->private, file))
        inode->fifo = NULL;
    sleeplock_unlock(&inode->lock);
}

static const struct file_ops named_ops = {
    .release = named_release,
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .is_stream = true,
};

/* Counts an opened file in, and tells who waits for one. Returns how many of
 * the other direction there have been so far. */
static unsigned
enter(struct pipe *p, struct file *file, bool reads, bool writes)
{
    spin_lock(&p->lock);
    unsigned seen = reads ? p->writes_opened : p->reads_opened;
    file->offset = p->writers ? 0 : p->writes_opened; /* for pipe_poll */
    p->readers += reads;
    p->reads_opened += reads;
    p->writers += writes;
    p->writes_opened += writes;
    waitq_notify(&p->can_read);
    waitq_notify(&p->can_write);
    spin_unlock(&p->lock);
    return seen;
}

int
pipe_open_again(struct file *file, const struct file *open)
{
    if (open->ops->read != pipe_read || open->inode)
        return -ENXIO;
    file->ops = &pipe_ops;
    file->private = open->private;
    enter(file->private, file, file_allows(file, FILE_READ),
          file_allows(file, FILE_WRITE));
    return 0;
}

/* Waits until the other direction is open, or has been since `seen`. */
static int
wait_for_other(struct pipe *p, bool reads, unsigned seen)
{
    int err = 0;

    spin_lock(&p->lock);
    while (!err && (reads ? p->writers == 0 && p->writes_opened == seen
                          : p->readers == 0 && p->reads_opened == seen))
        err = waitq_sleep_until(reads ? &p->can_read : &p->can_write, &p->lock,
                                WAIT_FOREVER);
    spin_unlock(&p->lock);
    return err;
}

/* Opens and closes of one inode go one at a time: the pipe is there as long
 * as anybody has it open. */
static int
named_open(struct file *file)
{
    bool reads = file_allows(file, FILE_READ),
         nonblock = file_is_nonblocking(file);
    bool writes = file_allows(file, FILE_WRITE);
    struct inode *inode = file->inode;
    unsigned seen = 0;
    int err = 0;

    sleeplock_lock(&inode->lock);
    if (writes && !reads && nonblock &&
        !(inode->fifo && inode->fifo->readers > 0))
        err = -ENXIO;
    else if (!inode->fifo && !(inode->fifo = pipe_new()))
        err = -ENOMEM;
    else
        seen = enter(inode->fifo, file, reads, writes);
    file->private = inode->fifo;
    sleeplock_unlock(&inode->lock);
    if (err)
        return err;
    file->ops = &named_ops;
    if (!nonblock && reads != writes)
        err = wait_for_other(file->private, reads, seen);
    if (err)
        named_release(file);
    return err;
}

const struct file_ops pipe_named_ops = {.open = named_open};
