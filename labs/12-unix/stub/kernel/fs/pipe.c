#include "fs/pipe.h"
#include "abi/limits.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "arch/layout.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/signal.h"

#define PAGES (PIPE_SIZE / PAGE_SIZE)

/* A ring of pages, each allocated when the first byte goes there. head and
 * tail count bytes since the pipe was last empty: tail <= head and
 * head - tail <= size. Who has to copy without the lock, in or out, has
 * `filling` or `draining` meanwhile: one of each at a time, and neither touches
 * the other's bytes. */
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

/* How many bytes can go in, of n that are to be written, or come out; the lock
 * is held. Few bytes (PIPE_BUF) go in together or not at all [posix, write].
 * Without readers -EPIPE; at the end of file 0, and only if nothing is left.
 * -EAGAIN: not now. While somebody copies without the lock (filling, draining)
 * it is nobody else's turn. */
static ALWAYS_INLINE int64_t
look_locked(const struct pipe *p, size_t n, bool in) REQUIRES(p->lock)
{
    LAB_TODO(12);
}

/* The same, after waiting until there are some (can_write, can_read), unless
 * the file is not to wait; or -EINTR. Why is it a loop? */
static NOINLINE int64_t
wait_locked(struct pipe *p, const struct file *file, size_t n, bool in)
    REQUIRES(p->lock)
{
    LAB_TODO(12);
}

/* Whether a write of PIPE_BUF bytes would go in at once. */
static bool
is_writable_locked(const struct pipe *p) REQUIRES(p->lock)
{
    LAB_TODO(12);
}

/* Moves n bytes without letting go of the lock, if they go to, or come from,
 * one page that is there on either side. */
static ALWAYS_INLINE bool
move_at_once(const struct pipe *p, uint64_t at, size_t n, struct uio *uio,
             bool in) REQUIRES(p->lock)
{
    char *page = p->page[at / PAGE_SIZE % PAGES];
    size_t start = at % PAGE_SIZE;
    if (!page || n > PAGE_SIZE - start)
        return false;
    return in ? uio_drain_at_once(uio, page + start, n)
              : uio_fill_at_once(uio, page + start, n);
}

/* Moves n bytes, or as many as can be accessed, without the lock. */
static NOINLINE int64_t
move_unlocked(struct pipe *p, uint64_t at, size_t n, struct uio *uio, bool in)
    REQUIRES(p->lock)
{
    bool *turn = in ? &p->filling : &p->draining;
    *turn = true;
    spin_unlock(&p->lock);
    int64_t moved = copy(p, at, n, uio, in);
    spin_lock(&p->lock);
    *turn = false;
    waitq_wake_any(in ? &p->can_write : &p->can_read); /* for their turn */
    return moved;
}

/* Takes note of bytes that have gone in, or come out, and tells who waits for
 * that (waitq_notify, which costs something even if nobody does). */
static ALWAYS_INLINE void
count_locked(struct pipe *p, int64_t moved, bool in) REQUIRES(p->lock)
{
    LAB_TODO(12);
}

/* Moves, of n bytes, as many as can be now, and no more than uio->residual.
 * Returns how many, or an error. move_at_once and move_unlocked do the copying;
 * the ring's place for it is head or tail. */
static ALWAYS_INLINE int64_t
move_bytes(struct file *file, struct uio *uio, size_t n, bool in)
{
    LAB_TODO(12);
}

static int64_t
pipe_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return move_bytes(file, uio, uio->residual, false);
}

/* Goes on with a write of n bytes that has got as far as `moved` says: until
 * all are in, or an error ends it. Whoever writes to nobody gets SIGPIPE, too.
 * What has gone in counts more than the error that came then. */
static NOINLINE int64_t
write_rest(struct file *file, struct uio *uio, size_t n, int64_t moved)
{
    LAB_TODO(12);
}

/* A write of all bytes of uio; most are done with one move. */
static int64_t
pipe_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    LAB_TODO(12);
}

static void
pipe_free(struct pipe *p)
{
    for (unsigned i = 0; i < PAGES; i++)
        if (p->page[i])
            frame_free(p->page[i], 0);
    kfree(p);
}

/* Counts a file out; both directions learn of it. Returns whether that was the
 * last, and the pipe gone (pipe_free). */
static bool
leave(struct pipe *p, const struct file *file)
{
    LAB_TODO(12);
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

/* What can be done now, and the queues that tell when that changes (poll_wait):
 * POLL_IN and POLLHUP for who reads, POLL_OUT and POLLERR for who writes. A
 * reader that has never seen a writer is told of none that left: file->offset
 * has how many had been there when it came. */
static unsigned
pipe_poll(struct file *file, struct poll_table *table)
{
    LAB_TODO(12);
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
 * the other direction had been there, and left: one that is there counts for
 * wait_for_other even if it leaves before that looks. */
static unsigned
enter(struct pipe *p, struct file *file, bool reads, bool writes)
{
    spin_lock(&p->lock);
    unsigned gone =
        reads ? p->writes_opened - p->writers : p->reads_opened - p->readers;
    file->offset = p->writers ? 0 : p->writes_opened; /* for pipe_poll */
    p->readers += reads;
    p->reads_opened += reads;
    p->writers += writes;
    p->writes_opened += writes;
    waitq_notify(&p->can_read);
    waitq_notify(&p->can_write);
    spin_unlock(&p->lock);
    return gone;
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

/* Waits until the other direction is open, or has been, but for `gone`. */
static int
wait_for_other(struct pipe *p, bool reads, unsigned gone)
{
    int err = 0;

    spin_lock(&p->lock);
    while (!err && (reads ? p->writers == 0 && p->writes_opened == gone
                          : p->readers == 0 && p->reads_opened == gone))
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
    unsigned gone = 0;
    int err = 0;

    sleeplock_lock(&inode->lock);
    if (writes && !reads && nonblock &&
        !(inode->fifo && inode->fifo->readers > 0))
        err = -ENXIO;
    else if (!inode->fifo && !(inode->fifo = pipe_new()))
        err = -ENOMEM;
    else
        gone = enter(inode->fifo, file, reads, writes);
    file->private = inode->fifo;
    sleeplock_unlock(&inode->lock);
    if (err)
        return err;
    file->ops = &named_ops;
    if (!nonblock && reads != writes)
        err = wait_for_other(file->private, reads, gone);
    if (err)
        named_release(file);
    return err;
}

const struct file_ops pipe_named_ops = {.open = named_open};
