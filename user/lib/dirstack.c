#include <dirstack.h>
#include <errno.h>
#include <fcntl.h>
#include <prog.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_OPEN  16
#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct dirstack_level {
    int fd; /* -1 while it is closed */
    dev_t device;
    ino_t ino;
    bool followed; /* through a link, so its ".." leads elsewhere */
};

int
dirstack_top(const struct dirstack *s)
{
    return s->count > 0 ? s->levels[s->count - 1].fd : AT_FDCWD;
}

/* Closes the directory that is now one too many. */
static void
close_far(struct dirstack *s)
{
    struct dirstack_level *far;

    if (s->count <= MOST_OPEN)
        return;
    far = &s->levels[s->count - 1 - MOST_OPEN];
    if (far->fd >= 0 && !far[1].followed) {
        close(far->fd);
        far->fd = -1;
    }
}

/* Opens name in dir as *to. */
static int
open_level(int dir, const char *name, bool follow, struct dirstack_level *to)
{
    struct stat st;
    int fd = openat(dir, name, follow ? OPEN_FLAGS : OPEN_FLAGS | O_NOFOLLOW);

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0) {
        close(fd);
        return -1;
    }
    *to = (struct dirstack_level){
        .fd = fd, .device = st.st_dev, .ino = st.st_ino, .followed = follow};
    return 0;
}

int
dirstack_push(struct dirstack *s, const char *name, bool follow)
{
    struct dirstack_level level;

    if (open_level(dirstack_top(s), name, follow, &level) != 0)
        return -1;
    if (s->count == s->room) {
        s->room = s->room ? s->room * 2 : MOST_OPEN;
        s->levels = prog_realloc(s->levels, s->room * sizeof(*s->levels));
    }
    s->levels[s->count++] = level;
    close_far(s);
    return 0;
}

int
dirstack_pop(struct dirstack *s)
{
    struct dirstack_level *last = &s->levels[--s->count], *parent = last - 1;
    struct dirstack_level found;
    int error = 0;

    if (s->count > 0 && parent->fd < 0) {
        if (open_level(last->fd, "..", false, &found) != 0) {
            error = errno;
        } else if (found.device != parent->device || found.ino != parent->ino) {
            close(found.fd);
            error = ESTALE;
        } else {
            parent->fd = found.fd;
        }
    }
    close(last->fd);
    if (!error)
        return 0;
    dirstack_clear(s);
    return errno_fail(error);
}

void
dirstack_clear(struct dirstack *s)
{
    while (s->count > 0)
        if (s->levels[--s->count].fd >= 0)
            close(s->levels[s->count].fd);
    free(s->levels);
    *s = (struct dirstack){0};
}

bool
dirstack_has(const struct dirstack *s, dev_t device, ino_t ino)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->levels[i].ino == ino && s->levels[i].device == device)
            return true;
    return false;
}
