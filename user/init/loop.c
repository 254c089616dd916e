#include "loop.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_SIGNALS 32
#define MS           1000000ul

static struct watch *watches;
static struct timer *timers; /* the earliest first */
static void (*end_of_turn)(void);

/* What this turn waits for, place by place: the watches, those that were taken
 * away meanwhile being NULL, and what poll is told of them. */
static struct watch **waited;
static struct pollfd *polled;
static size_t watch_room, watch_count;

/* ---- Descriptors ---- */

void
loop_watch(struct watch *w)
{
    struct watch **at = &watches;

    while (*at && *at != w)
        at = &(*at)->next;
    if (*at)
        return;
    w->next = NULL;
    *at = w;
}

void
loop_unwatch(struct watch *w)
{
    struct watch **at = &watches;

    while (*at && *at != w)
        at = &(*at)->next;
    if (*at)
        *at = w->next;
    for (size_t i = 0; i < watch_count; i++)
        if (waited[i] == w)
            waited[i] = NULL;
}

/* ---- Timers ---- */

uint64_t
loop_now(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void
loop_clear_timer(struct timer *t)
{
    struct timer **at = &timers;

    while (*at && *at != t)
        at = &(*at)->next;
    if (*at)
        *at = t->next;
    t->due = 0;
}

void
loop_set_timer(struct timer *t, uint64_t due)
{
    struct timer **at = &timers;

    loop_clear_timer(t);
    t->due = due ? due : 1;
    while (*at && (*at)->due <= t->due)
        at = &(*at)->next;
    t->next = *at;
    *at = t;
}

static void
fire_timers(void)
{
    uint64_t now = loop_now();

    while (timers && timers->due <= now) {
        struct timer *t = timers;
        loop_clear_timer(t);
        t->fire(t);
    }
}

/* Milliseconds until the first timer, as poll wants them: never too few, or
 * the loop would turn in vain. */
static int
time_left(void)
{
    uint64_t now, left;

    if (!timers)
        return -1;
    now = loop_now();
    if (timers->due <= now)
        return 0;
    left = (timers->due - now + MS - 1) / MS;
    return left < INT_MAX ? (int)left : INT_MAX;
}

/* ---- Signals ---- */

/* Handlers note the signal and write a byte into this pipe, so that poll ends:
 * a signal between the last look and poll is not slept through. */
static int signal_pipe[2] = {-1, -1};
static volatile bool came[MOST_SIGNALS];
static void (*handlers[MOST_SIGNALS])(int signal);

static void
note_signal(int number)
{
    int error = errno;

    came[number] = true;
    (void)!write(signal_pipe[1], "", 1); /* if it is full, poll ends anyway */
    errno = error;
}

static void
take_signals(struct watch *w, short events)
{
    char bytes[64];

    (void)events;
    while (read(w->fd, bytes, sizeof(bytes)) > 0)
        ;
    for (int i = 1; i < MOST_SIGNALS; i++)
        if (came[i]) {
            came[i] = false;
            handlers[i](i);
        }
}

void
loop_on_signal(int number, void (*handle)(int signal))
{
    static struct watch watch = {.events = POLLIN, .ready = take_signals};
    struct sigaction action = {
        .sa_handler = note_signal,
        .sa_flags = SA_RESTART | SA_NOCLDSTOP,
    };

    if (signal_pipe[0] < 0) {
        if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
            err(1, "pipe");
        watch.fd = signal_pipe[0];
        loop_watch(&watch);
    }
    handlers[number] = handle;
    sigaction(number, &action, NULL);
}

/* ---- The loop ---- */

void
loop_at_end_of_turn(void (*f)(void))
{
    end_of_turn = f;
}

/* Makes watch_room for one more; without memory the loop goes on with those
 * that it has, of which the signals' is one. */
static bool
make_room(void)
{
    size_t more = watch_room ? watch_room * 2 : 32;
    void *a = realloc(waited, more * sizeof(*waited));
    void *b = a ? realloc(polled, more * sizeof(*polled)) : NULL;

    if (a)
        waited = a;
    if (!b)
        return false;
    polled = b;
    watch_room = more;
    return true;
}

static void
wait_and_call(void)
{
    watch_count = 0;
    for (struct watch *w = watches; w; w = w->next) {
        if (watch_count == watch_room && !make_room())
            break;
        waited[watch_count] = w;
        polled[watch_count++] =
            (struct pollfd){.fd = w->fd, .events = w->events};
    }
    if (poll(polled, watch_count, time_left()) <= 0)
        return;
    for (size_t i = 0; i < watch_count; i++)
        if (waited[i] && polled[i].revents)
            waited[i]->ready(waited[i], polled[i].revents);
}

void
loop_run(void)
{
    for (;;) {
        fire_timers();
        if (end_of_turn)
            end_of_turn();
        wait_and_call();
    }
}
