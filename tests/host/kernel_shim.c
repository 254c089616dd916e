#include "kernel_shim.h"

#include "abi/errno.h"
#include "arch/clock.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/timer.h"
#include "proc/waitq.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Clock and timers ---- */

uint64_t shim_now = 1;
void (*shim_idle)(void);

static struct list_node timers = LIST_INIT(timers);

uint64_t
clock_now_ns(void)
{
    return shim_now;
}

void
clock_delay_us(unsigned us)
{
    shim_now += us * 1000ull;
}

void
timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
    *timer = (struct timer){.fn = fn};
    list_init(&timer->node);
}

void
timer_set(struct timer *timer, uint64_t deadline_ns)
{
    list_del(&timer->node);
    timer->deadline_ns = deadline_ns;
    list_push_back(&timers, &timer->node);
}

void
timer_cancel(struct timer *timer)
{
    list_del(&timer->node);
}

static struct timer *
next_due(uint64_t deadline_ns)
{
    struct timer *t, *next = NULL;
    list_for_each_entry (t, &timers, node)
        if (t->deadline_ns <= deadline_ns &&
            (next == NULL || t->deadline_ns < next->deadline_ns))
            next = t;
    return next;
}

void
shim_run_timers(uint64_t deadline_ns)
{
    struct timer *due;
    while ((due = next_due(deadline_ns)) != NULL) {
        shim_now = MAX(shim_now, due->deadline_ns);
        list_del(&due->node);
        due->fn(due);
    }
    shim_now = MAX(shim_now, deadline_ns);
}

unsigned
shim_timers_set(void)
{
    const struct timer *t;
    unsigned n = 0;
    list_for_each_entry (t, &timers, node)
        n++;
    return n;
}

int NO_LOCK_CHECK
waitq_sleep_until(struct waitq *wq UNUSED, struct spinlock *lock,
                  uint64_t deadline_ns)
{
    if (shim_now >= deadline_ns)
        return -ETIMEDOUT;
    spin_unlock(lock);
    shim_idle();
    spin_lock(lock);
    return 0;
}

/* ---- Harts and addresses ---- */

struct cpu host_cpu;
unsigned host_cpu_count = 1;

/* A legacy device takes page numbers of 32 bits, but the host's heap is far
 * higher: it is moved down to 4 TiB. Large blocks, which the host has
 * elsewhere, end up at strange addresses; rings are no large blocks. */
#define HEAP_AT     (1ull << 42)
#define STACK_REACH (8ull << 20)

static uintptr_t phys_base;

uint64_t
virt_to_phys(const void *va)
{
    uintptr_t address = (uintptr_t)va;
    uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    if (address - (stack - STACK_REACH) < 2 * STACK_REACH)
        panic("%p is on the stack: no device may see it", va);
    if (phys_base == 0)
        phys_base = ALIGN_DOWN(address - HEAP_AT, PAGE_SIZE);
    return address - phys_base;
}

void *
phys_to_virt(uint64_t pa)
{
    return (void *)(phys_base + pa);
}

/* ---- Memory that runs out ---- */

unsigned shim_fail_alloc;

void *__real_kmalloc(size_t size);
void *__real_kzalloc(size_t size);
void *__wrap_kmalloc(size_t size);
void *__wrap_kzalloc(size_t size);

static bool
must_fail(void)
{
    return shim_fail_alloc > 0 && --shim_fail_alloc == 0;
}

void *
__wrap_kmalloc(size_t size)
{
    return must_fail() ? NULL : __real_kmalloc(size);
}

void *
__wrap_kzalloc(size_t size)
{
    return must_fail() ? NULL : __real_kzalloc(size);
}

/* ---- The log ---- */

static char log_text[1 << 16];
static size_t log_len;

static void
log_line(const char *format, va_list args)
{
    char line[256];
    vsnprintf(line, sizeof(line), format, args);
    int n =
        snprintf(log_text + log_len, sizeof(log_text) - log_len, "%s\n", line);
    log_len = MIN(log_len + (size_t)n, sizeof(log_text) - 1);
}

void __wrap_print(enum print_level level, const char *format, ...) PRINTF(2, 3);

void
__wrap_print(enum print_level level UNUSED, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(format, args);
    va_end(args);
}

void
print_boot(const char *subject, const char *format, ...)
{
    char text[256];
    snprintf(text, sizeof(text), "%s: %s", subject, format);
    va_list args;
    va_start(args, format);
    log_line(text, args);
    va_end(args);
}

const char *
shim_log(void)
{
    return log_text;
}

void
shim_log_clear(void)
{
    log_text[0] = '\0';
    log_len = 0;
}

unsigned
shim_log_count(const char *text)
{
    unsigned n = 0;
    for (const char *line = log_text; *line != '\0';) {
        const char *end = strchr(line, '\n');
        const char *hit = strstr(line, text);
        n += hit != NULL && hit < end;
        line = end + 1;
    }
    return n;
}

/* Older C libraries lack it. */
__attribute__((weak)) size_t
strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src), n = MIN(len, size - 1);
    memcpy(dst, src, n);
    dst[n] = '\0';
    return len;
}
