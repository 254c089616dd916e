#include "trace/control.h"
#include "lib/fmt.h"
#include "lib/string.h"

/* A name as the table has it, and the fields as events.def has them. */
static const struct {
    const char *name, *fields;
} events[TRACE_EVENTS] = {
    [TRACE_LOST] = {"trace.lost", "u(count)"},
#define GROUP(group)
#define EVENT(group, name, ...) \
    [TRACE_##group##_##name] = {#group "." #name, #__VA_ARGS__},
#include "trace/events.def"
#undef EVENT
};

static const uint8_t group_of[TRACE_EVENTS] = {
#define EVENT(group, name, ...) [TRACE_##group##_##name] = TRACE_GROUP_##group,
#include "trace/events.def"
#undef EVENT
#undef GROUP
};

struct trace_switches trace_switches;
unsigned trace_changes;
void (*trace_changed)(void);

/* Whether a word names the event, its group, or everything. */
static bool
matches(unsigned event, const char *word, size_t len)
{
    const char *name = events[event].name;
    if (len == 3 && memcmp(word, "all", len) == 0)
        return true;
    return strncmp(name, word, len) == 0 &&
           (name[len] == '\0' || name[len] == '.');
}

static bool
is_blank(char c)
{
    return c == ' ' || c == ',' || c == '\n' || c == '\t';
}

static enum trace_mode
change(enum trace_mode mode, char sign)
{
    switch (sign) {
    case '-':
        return TRACE_OFF;
    case '#':
        return mode == TRACE_OFF ? TRACE_COUNTED : mode;
    case '~':
        return mode == TRACE_COUNTED ? TRACE_OFF : mode;
    default:
        return TRACE_RECORDED;
    }
}

/* Does what one word says. Returns whether it names something. */
static bool
obey(const char *word, size_t len, uint8_t modes[TRACE_EVENTS])
{
    bool found = false;
    char sign = word[0];
    if (sign == '+' || sign == '-' || sign == '#' || sign == '~') {
        word++;
        len--;
    }
    for (unsigned i = TRACE_LOST + 1; i < TRACE_EVENTS && len > 0; i++) {
        if (!matches(i, word, len))
            continue;
        modes[i] = change(modes[i], sign);
        found = true;
    }
    return found;
}

int
trace_control(const char *text, size_t len)
{
    uint8_t modes[TRACE_EVENTS];
    struct trace_switches switches = {{0}};
    for (unsigned i = 0; i < TRACE_EVENTS; i++)
        modes[i] = trace_mode(i);
    for (size_t start = 0, end; start < len; start = end + 1) {
        for (end = start; end < len && !is_blank(text[end]); end++)
            ;
        if (end > start && !obey(text + start, end - start, modes))
            return -EINVAL;
    }
    for (unsigned i = TRACE_LOST + 1; i < TRACE_EVENTS; i++) {
        trace_set_mode(i, modes[i]);
        switches.groups[group_of[i]] |= modes[i] != TRACE_OFF;
    }
    trace_changes++;
    trace_switches = switches;
    if (trace_changed)
        trace_changed();
    return 0;
}

size_t
trace_describe(enum trace_event event, char *buf, size_t size)
{
    size_t len =
        (size_t)snprintf(buf, size, "%u %s", event, events[event].name);
    /* "u(dev), x(addr)" is " dev:u addr:x" in the table. */
    for (const char *at = events[event].fields; *at != '\0';) {
        const char *end = strchr(at, ')');
        len += (size_t)snprintf(buf + len, size - len, " %.*s:%c",
                                (int)(end - at - 2), at + 2, *at);
        for (at = end + 1; *at == ',' || *at == ' '; at++)
            ;
    }
    return len + (size_t)snprintf(buf + len, size - len, "\n");
}
