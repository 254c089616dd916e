#include "scrub.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <walk.h>

static struct walk *way; /* NULL: no scrub is running */
static int file = -1;    /* that is being read */
static dev_t device;     /* other file systems are not entered */
static struct filesystem_report result;
static char path[sizeof(result.first_path)]; /* of the file */

void
scrub_begin(void)
{
    if (way)
        walk_close(way);
    if (file >= 0)
        close(file);
    file = -1;
    way = walk_open("/", 0);
    device = 0;
    result.files_read = result.bytes_read = result.damaged = 0;
    result.first_path[0] = '\0';
}

bool
scrub_is_running(void)
{
    return way != NULL;
}

void
scrub_report(struct filesystem_report *to)
{
    result.scrubbing = scrub_is_running();
    to->scrubs = result.scrubs;
    to->scrub_ended = result.scrub_ended;
    to->scrubbing = result.scrubbing;
    to->files_read = result.files_read;
    to->bytes_read = result.bytes_read;
    to->damaged = result.damaged;
    memcpy(to->first_path, result.first_path, sizeof(to->first_path));
}

/* Something cannot be read. That it went away meanwhile, or may not be opened
 * so, is no damage. */
static void
note_error(const char *where, int error)
{
    if (error != EUCLEAN && error != EIO)
        return;
    if (result.damaged++ == 0)
        strlcpy(result.first_path, where, sizeof(result.first_path));
    errno = error;
    warn("%s: damaged", where);
}

static void
end_scrub(void)
{
    struct timespec now = {0};

    walk_close(way);
    way = NULL;
    clock_gettime(CLOCK_MONOTONIC, &now);
    result.scrub_ended =
        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    result.scrubs++;
    warnx("read %lu files and directories, %lu bytes; %lu damaged",
          (unsigned long)result.files_read, (unsigned long)result.bytes_read,
          (unsigned long)result.damaged);
}

/* Reads a part of the file; closes it at its end. */
static unsigned long
read_part(void)
{
    static char bytes[SCRUB_STEP];
    ssize_t n = read(file, bytes, sizeof(bytes));

    if (n < 0)
        note_error(path, errno);
    if (n <= 0) {
        close(file);
        file = -1;
        return 0;
    }
    result.bytes_read += (uint64_t)n;
    return (unsigned long)n;
}

/* Looks at one more name. Reading a directory is the walk's work. */
static void
next_entry(void)
{
    struct walk_entry *e = walk_next(way);
    /* That it was looked at shall not be written to the disk. */
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC;

    if (!e) {
        end_scrub();
        return;
    }
    if (e->kind == WALK_ERROR) {
        note_error(e->path, e->error);
        return;
    }
    if (device == 0)
        device = e->st.st_dev;
    if (e->kind == WALK_DIR && e->st.st_dev != device)
        walk_skip(way);
    if (e->kind == WALK_DIR_END || e->st.st_dev != device)
        return;
    result.files_read++;
    if (e->kind != WALK_FILE || !S_ISREG(e->st.st_mode))
        return;
    strlcpy(path, e->path, sizeof(path));
    file = openat(e->dir, e->name, flags);
    if (file < 0)
        note_error(e->path, errno);
}

unsigned long
scrub_step(bool *more)
{
    unsigned long n = 0;

    if (file >= 0)
        n = read_part();
    else if (way)
        next_entry();
    *more = way != NULL;
    return n;
}
