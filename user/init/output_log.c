#include "output_log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_ROOM     128
#define SECONDS_A_DAY 86400

void
output_log_begin(struct output_log *l, const char *path)
{
    memset(l, 0, sizeof(*l));
    l->path = path;
    l->fd = -1;
}

/* ---- Files ---- */

/* Opens the file. 0 or an error number. */
static int
log_open(struct output_log *l)
{
    struct stat st;

    l->fd = open(l->path,
                 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (l->fd < 0)
        return errno;
    l->size = fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    return 0;
}

static void
log_shut(struct output_log *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

/* The name of an older file. */
static void
log_older_path(const struct output_log *l, unsigned int age, char to[PATH_ROOM])
{
    if (age == 0)
        snprintf(to, PATH_ROOM, "%s", l->path);
    else
        snprintf(to, PATH_ROOM, "%s.%u", l->path, age);
}

/* Makes the file the first of the older ones, of which the last is
 * overwritten. 0 or an error number: then the log must not grow. */
static int
log_rotate(struct output_log *l)
{
    char from[PATH_ROOM], to[PATH_ROOM];

    for (unsigned int age = OUTPUT_LOG_KEPT; age > 0; age--) {
        log_older_path(l, age - 1, from);
        log_older_path(l, age, to);
        if (rename(from, to) != 0 && errno != ENOENT)
            return errno;
    }
    log_shut(l);
    return log_open(l);
}

/* Writes bytes of whole lines, or nothing. 0 or an error number. */
static int
log_write(struct output_log *l, const char *bytes, size_t n)
{
    ssize_t done;
    int error = l->fd < 0 ? log_open(l) : 0;

    if (error == 0 && l->size > 0 && l->size + n > OUTPUT_LOG_SIZE)
        error = log_rotate(l);
    if (error)
        return error;
    done = write(l->fd, bytes, n);
    if (done == (ssize_t)n) {
        l->size += n;
        l->written += n;
        return 0;
    }
    error = done < 0 ? errno : ENOSPC;
    /* No line is there in part. */
    if (done > 0 && ftruncate(l->fd, (off_t)l->size) != 0)
        l->size += (uint64_t)done;
    return error;
}

/* ---- Lines ---- */

/* Takes the time for the lines to come. */
static void
log_take_time(struct output_log *l)
{
    char *to = l->stamp;
    struct timespec up = {0}, wall = {0};
    struct tm date;
    size_t n = 0;

    clock_gettime(CLOCK_MONOTONIC, &up);
    clock_gettime(CLOCK_REALTIME, &wall);
    /* Without a clock that outlives the machine, time begins in 1970. */
    if (wall.tv_sec > 365l * SECONDS_A_DAY && gmtime_r(&wall.tv_sec, &date))
        n = strftime(to, sizeof(l->stamp), "%Y-%m-%d %H:%M:%S ", &date);
    snprintf(to + n, sizeof(l->stamp) - n, "[%5ld.%06ld]", (long)up.tv_sec,
             up.tv_nsec / 1000);
}

/* How many bytes the letter at text has, as UTF-8 writes it; 0: it is none, or
 * a control character. */
static size_t
log_letter(const char *text, size_t n)
{
    unsigned char c = (unsigned char)text[0];
    size_t length = c < 0xc2   ? 0
                    : c < 0xe0 ? 2
                    : c < 0xf0 ? 3
                    : c < 0xf5 ? 4
                               : 0;

    if (c < 0x7f)
        return c >= ' ' || c == '\t';
    if (length > n || (c == 0xc2 && (unsigned char)text[1] < 0xa0))
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

static size_t
log_escape(char *to, const char *from, size_t n)
{
    size_t used = 0;

    for (size_t i = 0, length; i < n; i += length ? length : 1) {
        length = log_letter(from + i, n - i);
        memcpy(to + used, from + i, length);
        used += length;
        if (length == 0)
            used += (size_t)snprintf(to + used, 5, "\\x%02x",
                                     (unsigned char)from[i]);
    }
    return used;
}

/* Adds a line to the text that is to be written, or counts it as lost. */
static void
log_put_line(struct output_log *l, char mark, const char *bytes, size_t n)
{
    char line[OUTPUT_STAMP_MAX + 4 * OUTPUT_LINE_MAX + 8];
    size_t used = strlen(l->stamp);

    memcpy(line, l->stamp, used);
    line[used++] = mark;
    used += log_escape(line + used, bytes, n);
    line[used++] = '\n';
    if (used > sizeof(l->text) - l->text_used || l->lost > 0)
        output_log_flush(l);
    /* The number of those lost stands where they are missing. */
    if (used > sizeof(l->text) - l->text_used || l->lost > 0) {
        l->lost++;
        return;
    }
    memcpy(l->text + l->text_used, line, used);
    l->text_used += used;
}

static void
log_put_piece(struct output_log *l, bool ends)
{
    log_put_line(l, l->divided ? '+' : ' ', l->line, l->line_used);
    l->line_used = 0;
    l->divided = !ends;
}

void
output_log_end_line(struct output_log *l)
{
    if (l->line_used > 0) {
        log_take_time(l);
        log_put_piece(l, true);
    }
    l->divided = false;
}

void
output_log_add(struct output_log *l, const char *bytes, size_t n)
{
    log_take_time(l);
    while (n > 0) {
        const char *newline = memchr(bytes, '\n', n);
        size_t part = newline ? (size_t)(newline - bytes) : n;
        size_t room = sizeof(l->line) - l->line_used;
        bool ends = newline && part <= room;

        if (part > room)
            part = room;
        memcpy(l->line + l->line_used, bytes, part);
        l->line_used += part;
        if (ends && (l->line_used > 0 || !l->divided))
            log_put_piece(l, true);
        else if (!ends && l->line_used == sizeof(l->line))
            log_put_piece(l, false);
        l->divided &= !ends;
        bytes += part + ends;
        n -= part + ends;
    }
}

/* Says how many lines are missing here. */
static int
log_note_lost(struct output_log *l)
{
    char line[OUTPUT_STAMP_MAX + 128];
    int n, error;

    log_take_time(l);
    n = snprintf(line, sizeof(line), "%s (%lu lines lost: %s)\n", l->stamp,
                 l->lost, strerror(l->reason));
    error = log_write(l, line, (size_t)n);
    if (error == 0)
        l->lost = 0;
    return error;
}

void
output_log_flush(struct output_log *l)
{
    int error = 0;

    if (l->text_used > 0)
        error = log_write(l, l->text, l->text_used);
    if (error == 0) {
        l->text_used = 0;
        if (l->lost > 0)
            error = log_note_lost(l);
    }
    if (error)
        l->reason = error;
    /* A file open for writing would keep its disk from being made read-only. */
    log_shut(l);
}

void
output_log_close(struct output_log *l)
{
    output_log_end_line(l);
    output_log_flush(l);
}
