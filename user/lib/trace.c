#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trace.h>
#include <unistd.h>

#define BUFFER_SIZE 262144u
#define RECORD_MIN  24u
#define RECORDS_MAX (BUFFER_SIZE / RECORD_MIN)

struct head {
    char magic[8];
    uint32_t table_bytes, harts;
    uint64_t timebase_hz;
};

/* ---- The table ---- */

/* Reads "ID group.name field:kind ..." into the events. */
static void
parse_line(struct trace *trace, char *line)
{
    char *rest = line, *field = strsep(&rest, " ");
    unsigned number = (unsigned)strtoul(field, NULL, 10);
    if (number >= trace->nevents || !rest)
        return;
    struct trace_event *event = &trace->events[number];
    strlcpy(event->name, strsep(&rest, " "), sizeof(event->name));
    while ((field = strsep(&rest, " ")) && event->nfields < TRACE_FIELDS) {
        char *colon = strchr(field, ':');
        if (!colon)
            continue;
        *colon = '\0';
        event->fields[event->nfields].kind = colon[1];
        strlcpy(event->fields[event->nfields++].name, field,
                sizeof(event->fields->name));
    }
}

static int
read_all(int fd, void *to, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, (char *)to + done, size - done);
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    return 0;
}

static int
read_table(struct trace *trace)
{
    struct head head;
    if (read_all(trace->fd, &head, sizeof(head)) != 0)
        return -1;
    char *table = calloc(1, head.table_bytes + 1);
    if (!table || read_all(trace->fd, table, head.table_bytes) != 0)
        return -1;
    trace->timebase_hz = head.timebase_hz;
    for (const char *c = table; *c; c++)
        trace->nevents += *c == '\n';
    trace->events = calloc(trace->nevents, sizeof(trace->events[0]));
    char *rest = table, *line;
    while (trace->events && (line = strsep(&rest, "\n")) && *line)
        parse_line(trace, line);
    free(table);
    return trace->events ? 0 : -1;
}

int
trace_open(struct trace *trace)
{
    *trace = (struct trace){.fd = open("/dev/trace", O_RDWR | O_CLOEXEC)};
    if (trace->fd < 0)
        return -1;
    trace->buffer = malloc(BUFFER_SIZE);
    trace->records = malloc(RECORDS_MAX * sizeof(trace->records[0]));
    if (trace->buffer && trace->records && read_table(trace) == 0 &&
        fcntl(trace->fd, F_SETFL, O_NONBLOCK) == 0)
        return 0;
    int error = errno;
    trace_close(trace);
    errno = error;
    return -1;
}

void
trace_close(struct trace *trace)
{
    close(trace->fd);
    free(trace->buffer);
    free(trace->records);
    free(trace->events);
}

int
trace_switch(struct trace *trace, const char *words)
{
    return write(trace->fd, words, strlen(words)) < 0 ? -1 : 0;
}

/* ---- Records ---- */

static int
by_time(const void *a, const void *b)
{
    const struct trace_record *x = *(struct trace_record *const *)a;
    const struct trace_record *y = *(struct trace_record *const *)b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x < y ? -1 : x > y; /* of one hart: as they came */
}

/* Finds the whole records in the first `used` bytes. Returns their bytes. */
static size_t
find_records(struct trace *trace, size_t used)
{
    size_t at = 0;
    trace->nrecords = 0;
    while (used - at >= RECORD_MIN) {
        struct trace_record *r = (void *)(trace->buffer + at);
        if (r->size < RECORD_MIN || r->size > used - at)
            break;
        trace->records[trace->nrecords++] = r;
        at += r->size;
    }
    qsort(trace->records, trace->nrecords, sizeof(trace->records[0]), by_time);
    return at;
}

int
trace_collect(struct trace *trace, int milliseconds)
{
    struct pollfd wait = {.fd = trace->fd, .events = POLLIN};
    size_t used = trace->nrest;
    ssize_t n = 0;

    memmove(trace->buffer, trace->buffer + trace->rest, used);
    trace->rest = 0;
    trace->nrecords = 0;
    if (poll(&wait, 1, milliseconds) < 0)
        return -1;
    while (used < BUFFER_SIZE) {
        n = read(trace->fd, trace->buffer + used, BUFFER_SIZE - used);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    if (n < 0 && errno != EAGAIN && used == 0)
        return -1;
    trace->rest = find_records(trace, used);
    trace->nrest = used - trace->rest;
    return (int)trace->nrecords;
}

int
trace_find(const struct trace *trace, const char *name)
{
    for (unsigned i = 0; i < trace->nevents; i++)
        if (strcmp(trace->events[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Where the event's field k is among the words. */
static unsigned
word_of(const struct trace_event *event, unsigned k)
{
    unsigned at = 0;
    for (unsigned i = 0; i < k; i++)
        at += event->fields[i].kind == 's' ? 2 : 1;
    return at;
}

uint64_t
trace_field(const struct trace *trace, const struct trace_record *r,
            const char *name)
{
    const struct trace_event *event = &trace->events[r->event];
    for (unsigned i = 0; i < event->nfields; i++)
        if (strcmp(event->fields[i].name, name) == 0)
            return r->words[word_of(event, i)];
    return 0;
}

void
trace_format(const struct trace *trace, const struct trace_record *r, char *to,
             size_t size)
{
    const struct trace_event *event = &trace->events[r->event];
    size_t len = 0;
    *to = '\0';
    for (unsigned i = 0; i < event->nfields && len < size; i++) {
        const uint64_t *value = &r->words[word_of(event, i)];
        len += (size_t)snprintf(to + len, size - len, "%s%s=", i ? " " : "",
                                event->fields[i].name);
        if (len >= size)
            break;
        switch (event->fields[i].kind) {
        case 's':
            len += (size_t)snprintf(to + len, size - len, "%.16s",
                                    (const char *)value);
            break;
        case 'd':
            len += (size_t)snprintf(to + len, size - len, "%ld", (long)*value);
            break;
        case 'x':
            len += (size_t)snprintf(to + len, size - len, "%#lx", *value);
            break;
        default:
            len += (size_t)snprintf(to + len, size - len, "%lu", *value);
        }
    }
}
