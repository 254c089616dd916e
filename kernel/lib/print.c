#include "lib/print.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define LINE_MAX  512 /* bytes of a line with stamp and newline */
#define BOOT_NAME "9" /* columns of the subject of print_boot */
#define NS_PER_S  1000000000ul

struct print_hooks print_hooks = {.limit = PRINT_DEBUG};

/* guarded by print_hooks.lock: the ring holds the bytes from log_start, where a
 * line begins, to log_end, both counted since boot */
static char ring[PRINT_LOG_SIZE];
static uint64_t log_start, log_end;

/* A line being made: "<6>[    0.123456] text\n". It is too large for every
 * stack that may have to print. guarded by print_hooks.lock */
static struct line {
    struct fmt_sink sink;
    size_t len;
    char text[LINE_MAX];
} line;

/* Returns whether leave() has something to undo: a panic may come between. */
static bool
enter(void)
{
    if (!print_hooks.lock || READ_ONCE(print_hooks.panicking))
        return false;
    print_hooks.lock();
    return true;
}

static void
leave(bool locked)
{
    if (locked)
        print_hooks.unlock();
}

static void
console_put(const char *text, size_t len)
{
    if (print_hooks.put)
        print_hooks.put(text, len);
}

/* Appends to the line, as much as fits with a newline behind. */
static void
line_add(const char *text, size_t len)
{
    len = MIN(len, LINE_MAX - 1 - line.len);
    memcpy(line.text + line.len, text, len);
    line.len += len;
}

static void
line_put(struct fmt_sink *sink, const char *text, size_t len)
{
    (void)sink;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        char escape[sizeof("\\x00")];
        if (c >= ' ' && c != 0x7f) {
            line_add(text + i, 1);
        } else {
            snprintf(escape, sizeof(escape), "\\x%02x", c);
            line_add(escape, sizeof(escape) - 1);
        }
    }
}

static void
line_begin(enum print_level level, uint64_t ns)
{
    line.sink.put = line_put;
    line.len = (size_t)snprintf(
        line.text, LINE_MAX, "<%u>[%5lu.%06lu] ", (unsigned)level & 7,
        (unsigned long)(ns / NS_PER_S), (unsigned long)(ns % NS_PER_S / 1000));
}

/* Ends the line, marking it if it was cut, and logs it. In a panic another hart
 * may be here, too: whatever becomes of the text, this comes to an end. */
static void
line_end(void)
{
    if (line.len == LINE_MAX - 1)
        memcpy(line.text + line.len - 3, "...", 3);
    line.text[line.len++] = '\n';
    while (log_start < log_end &&
           log_end + line.len - log_start > PRINT_LOG_SIZE)
        while (log_start < log_end &&
               ring[log_start++ % PRINT_LOG_SIZE] != '\n')
            ;
    for (size_t i = 0; i < line.len; i++)
        ring[log_end++ % PRINT_LOG_SIZE] = line.text[i];
}

static uint64_t
now_ns(void)
{
    return print_hooks.now_ns ? print_hooks.now_ns() : 0;
}

void
print(enum print_level level, const char *format, ...)
{
    va_list args;
    bool locked = enter();
    line_begin(level, now_ns());
    va_start(args, format);
    fmt_vformat(&line.sink, format, args);
    va_end(args);
    line_end();
    if (level < print_hooks.limit) {
        size_t prefix = sizeof("<6>") - 1;
        console_put(line.text + prefix, line.len - prefix);
    }
    leave(locked);
}

void
print_boot(const char *subject, const char *format, ...)
{
    char head[64];
    va_list args;
    bool locked = enter();
    uint64_t ns = now_ns();
    if (print_hooks.boot_step)
        print_hooks.boot_step(subject);
    line_begin(PRINT_INFO, ns);
    line_put(&line.sink, subject, strlen(subject));
    line_add(": ", 2);
    size_t text = line.len;
    va_start(args, format);
    fmt_vformat(&line.sink, format, args);
    va_end(args);
    line_end();
    if (PRINT_INFO < print_hooks.limit) {
        size_t len = (size_t)snprintf(
            head, sizeof(head), "[%lu.%03lu] %-" BOOT_NAME "s ",
            (unsigned long)(ns / NS_PER_S),
            (unsigned long)(ns % NS_PER_S / 1000000), subject);
        console_put(head, MIN(len, sizeof(head) - 1));
        console_put(line.text + text, line.len - text);
    }
    leave(locked);
}

size_t
print_read_log(uint64_t *pos, char *buf, size_t size)
{
    bool locked = enter();
    uint64_t from = MIN(MAX(*pos, log_start), log_end);
    size_t n = MIN(size, (size_t)(log_end - from));
    size_t at = from % PRINT_LOG_SIZE;
    size_t first = MIN(n, PRINT_LOG_SIZE - at);
    memcpy(buf, ring + at, first);
    memcpy(buf + first, ring, n - first);
    *pos = from + n;
    leave(locked);
    return n;
}
