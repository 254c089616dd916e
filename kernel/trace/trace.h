/* Tracepoints: calls that note what happens, and cost two instructions each
 * while nobody wants to know.
 *
 *     trace_virtq_notify(dev, vq->index);
 *
 * trace/events.def makes the functions, one for each event, with its fields as
 * parameters. Owns the switches. Any context, on any hart, also within locks
 * and handlers: a call takes no lock and never waits. Host programs and tests
 * are built without (no TRACE), and then the calls are nothing. */
#pragma once

#include "lib/compiler.h"

#ifdef TRACE
#include "arch/cpu.h"
#endif

#define GROUP(group) TRACE_GROUP_##group,
#define EVENT(group, name, ...)
enum trace_group {
#include "trace/events.def"
    TRACE_GROUPS
};
#undef GROUP
#undef EVENT

#define GROUP(group)
#define EVENT(group, name, ...) TRACE_##group##_##name,
enum trace_event {
    TRACE_LOST, /* records that found no room */
#include "trace/events.def"
    TRACE_EVENTS
};
#undef EVENT

/* Whether the running thread's events of the group are wanted. */
#ifdef TRACE
_Static_assert((int)TRACE_GROUPS <= CPU_TRACE_GROUPS, "a byte each");
#define trace_on(group)                                             \
    unlikely(CPU_THREAD_BYTE(offsetof(struct arch_thread, traced) + \
                             TRACE_GROUP_##group))
#else
#define trace_on(group) 0
#endif

/* A record's size in bytes and event, as its first word has them. */
#define TRACE_RECORD_MIN 24u
#define TRACE_RECORD_MAX 80u
#define TRACE_WORD(event, fields) \
    (TRACE_RECORD_MIN + 8 * (fields) + ((uint64_t)(event) << 16))

/* Notes an event; for the functions below. */
void trace_record(uint64_t word, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                  uint64_t e, uint64_t f, uint64_t g);

/* Bytes of text from `from` on, up to 8, for a field. */
uint64_t trace_text(const char *text, unsigned from);

/* ---- The functions ---- */

#define TRACE_COUNT(...)                             TRACE_COUNT_(, ##__VA_ARGS__, 7, 6, 5, 4, 3, 2, 1, 0)
#define TRACE_COUNT_(z, a, b, c, d, e, f, g, n, ...) n
#define TRACE_SEVEN(...)                             TRACE_SEVEN_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define TRACE_SEVEN_(...)                            TRACE_SEVEN__(__VA_ARGS__)
#define TRACE_SEVEN__(a, b, c, d, e, f, g, ...)      a, b, c, d, e, f, g

/* m applied to each field, with commas between; m##none without any. */
#define TRACE_MAP(m, ...) \
    JOIN(TRACE_MAP, TRACE_COUNT(__VA_ARGS__))(m, ##__VA_ARGS__)
#define TRACE_MAP0(m)         m##none
#define TRACE_MAP1(m, x)      m##x
#define TRACE_MAP2(m, x, ...) m##x, TRACE_MAP1(m, __VA_ARGS__)
#define TRACE_MAP3(m, x, ...) m##x, TRACE_MAP2(m, __VA_ARGS__)
#define TRACE_MAP4(m, x, ...) m##x, TRACE_MAP3(m, __VA_ARGS__)
#define TRACE_MAP5(m, x, ...) m##x, TRACE_MAP4(m, __VA_ARGS__)
#define TRACE_MAP6(m, x, ...) m##x, TRACE_MAP5(m, __VA_ARGS__)
#define TRACE_MAP7(m, x, ...) m##x, TRACE_MAP6(m, __VA_ARGS__)

#define TRACE_PARAM_none void
#define TRACE_PARAM_u(x) uint64_t its_##x
#define TRACE_PARAM_d(x) int64_t its_##x
#define TRACE_PARAM_x(x) uint64_t its_##x
#define TRACE_PARAM_s(x) const char *its_##x
#define TRACE_ARG_none   0
#define TRACE_ARG_u(x)   its_##x
#define TRACE_ARG_d(x)   (uint64_t) its_##x
#define TRACE_ARG_x(x)   its_##x
#define TRACE_ARG_s(x)   trace_text(its_##x, 0), trace_text(its_##x, 8)

#define TRACE_WORDS(...)                                                \
    (TRACE_COUNT(__VA_ARGS__) == 0                                      \
         ? 0                                                            \
         : sizeof((uint64_t[]){TRACE_MAP(TRACE_ARG_, ##__VA_ARGS__)}) / \
               sizeof(uint64_t))

#define EVENT(group, name, ...)                                               \
    static ALWAYS_INLINE void trace_##group##_##name(                         \
        TRACE_MAP(TRACE_PARAM_, ##__VA_ARGS__))                               \
    {                                                                         \
        if (trace_on(group))                                                  \
            trace_record(                                                     \
                TRACE_WORD(TRACE_##group##_##name, TRACE_WORDS(__VA_ARGS__)), \
                TRACE_SEVEN(TRACE_MAP(TRACE_ARG_, ##__VA_ARGS__)));           \
    }
#include "trace/events.def"
#undef EVENT
#undef GROUP
