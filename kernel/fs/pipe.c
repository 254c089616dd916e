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

/* How many bytes can go in, of n that are to stay together if they are few
 * enough [posix, write], or come out; 0 at the end of file. Or -EPIPE; or
 * -EAGAIN, if there are none so far, or it is another thread's turn. */
static ALWAYS_INLINE int64_t
look_locked(const struct pipe *p, size_t n, bool in) REQUIRES(p->lock)
{
    size_t need = in && n <= PIPE_BUF ? n : 1;
    size_t used = p->head - p->tail;
    size_t can = in ? p->size - used : used;
    if (in && p->readers == 0)
        return -EPIPE;
    if (likely(can >= need && !(in ? p->filling : p->draining)))
        return (int64_t)can;
    return !in && used == 0 && p->writers == 0 ? 0 : -EAGAIN;
}

/* The same, after waiting until there are some, if the file does that; or
 * -EINTR. */
static NOINLINE int64_t
wait_locked(struct pipe *p, const struct file *file, size_t n, bool in)
    REQUIRES(p->lock)
{
    int64_t can;
    while ((can = look_locked(p, n, in)) == -EAGAIN &&
           !file_is_nonblocking(file)) {
        int err = waitq_sleep_until(in ? &p->can_write : &p->can_read, &p->lock,
                                    WAIT_FOREVER);
        if (err)
            return err;
    }
    return can;
}

/* Whether a write of PIPE_BUF bytes would go in at once. */
static bool
is_writable_locked(const struct pipe *p) REQUIRES(p->lock)
{
    return p->size - (p->head - p->tail) >= PIPE_BUF;
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

/* Takes note of bytes that have gone in, or come out. */
static ALWAYS_INLINE void
count_locked(struct pipe *p, int64_t moved, bool in) REQUIRES(p->lock)
{
    bool was_writable = is_writable_locked(p);
    if (in) {
        p->head += (uint64_t)moved;
        waitq_notify(&p->can_read);
        return;
    }
    p->tail += (uint64_t)moved;
    if (p->tail == p->head && !p->filling)
        p->tail = p->head = 0; /* the next bytes go to a page that is there */
    if (!was_writable)
        waitq_notify(&p->can_write);
}

/* Moves, of n bytes, as many as can be now. Returns how many, or an error. */
static ALWAYS_INLINE int64_t
move_bytes(struct file *file, struct uio *uio, size_t n, bool in)
{
    struct pipe *p = file->private;
    spin_lock(&p->lock);
    int64_t moved = look_locked(p, n, in);
    if (unlikely(moved < 0))
        moved = wait_locked(p, file, n, in);
    if (likely(moved > 0)) {
        uint64_t at = in ? p->head : p->tail;
        moved = MIN(moved, (int64_t)uio->residual);
        if (unlikely(!move_at_once(p, at, (size_t)moved, uio, in)))
            moved = move_unlocked(p, at, (size_t)moved, uio, in);
        if (likely(moved > 0))
            count_locked(p, moved, in);
    }
    spin_unlock(&p->lock);
    return moved;
}

static int64_t
pipe_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return move_bytes(file, uio, uio->residual, false);
}

/* Goes on with a write of n bytes that has got as far as `moved` says. */
static NOINLINE int64_t
write_rest(struct file *file, struct uio *uio, size_t n, int64_t moved)
{
    while (moved >= 0 && uio->residual > 0)
        moved = move_bytes(file, uio, n, true);
    if (moved == -EPIPE)
        signal_send_current(SIGPIPE);
    return uio->residual == n ? moved : (int64_t)(n - uio->residual);
}

static int64_t
pipe_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    size_t n = uio->residual;
    int64_t moved = move_bytes(file, uio, n, true);
    return likely(moved == (int64_t)n) ? moved
                                       : write_rest(file, uio, n, moved);
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
