/* What the kernel traces, read from /dev/trace (docs/tracing.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_FIELDS 7

struct trace_event {
    char name[32]; /* "virtq.used" */
    unsigned nfields;
    struct {
        char name[16], kind; /* u, d, x, s */
    } fields[TRACE_FIELDS];
};

struct trace_record {
    uint16_t size, event, hart, zero;
    uint32_t pid;
    int32_t tid;
    uint64_t time;
    uint64_t words[TRACE_FIELDS]; /* as many as size says; a text has two */
};

struct trace {
    int fd;
    uint64_t timebase_hz;
    struct trace_event *events; /* by number */
    unsigned nevents;

    /* of the last trace_collect, in the order of time */
    struct trace_record **records;
    unsigned nrecords;

    /* private to trace.c */
    char *buffer;
    size_t rest, nrest; /* where the part of a record is that was cut */
};

/* Opens the stream and reads its table. Returns 0, or -1 with errno. */
int trace_open(struct trace *trace);

/* Has events recorded, counted or not, as words say: "+virtq,blk". Returns 0,
 * or -1 with errno: EINVAL if there are no such events. */
int trace_switch(struct trace *trace, const char *words);

/* Waits up to so many milliseconds (-1: for ever) for records, and collects
 * what there is. Returns how many there are, or -1 with errno. */
int trace_collect(struct trace *trace, int milliseconds);

/* The number of the event of that name, or -1. */
int trace_find(const struct trace *trace, const char *name);

/* The value of the event's field of that name; 0 if it has none. */
uint64_t trace_field(const struct trace *trace, const struct trace_record *r,
                     const char *name);

/* Writes a record's fields, "name=value name=value". */
void trace_format(const struct trace *trace, const struct trace_record *r,
                  char *to, size_t size);

void trace_close(struct trace *trace);
