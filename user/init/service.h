/* Services: each a service file and how it fares.
 *
 * The table of them is made once, at boot; init has one thread, so nobody
 * locks. Callbacks may call anything here but service_add. Whoever changes
 * what a service is to do (service_start, ...) only changes the wish: the
 * supervisor acts on it in the same turn of the event loop. */
#pragma once

#include "config.h"
#include "loop.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum service_state {
    SERVICE_STOPPED, /* does not run; if it is wanted, it waits */
    SERVICE_STARTING,
    SERVICE_RUNNING, /* also a oneshot that has done its work */
    SERVICE_STOPPING,
    SERVICE_FAILED, /* stays down until somebody starts it */
    SERVICE_NO_DEVICE,
    SERVICE_STATES,
};

/* What can happen to a service; the table of state.c has what follows. */
enum service_event {
    SERVICE_LAUNCHED,    /* a process was made */
    SERVICE_IS_READY,    /* it does its work */
    SERVICE_STOP_SENT,   /* it was asked to end */
    SERVICE_ENDED,       /* it is down, and may start again */
    SERVICE_GAVE_UP,     /* it is down, and is left so */
    SERVICE_NO_HARDWARE, /* what it is for is not there */
    SERVICE_RESET,       /* it was down for good, and somebody wants it */
    SERVICE_EVENTS,
};

/* The exit status by which a program says that its device is not there. */
#define SERVICE_EXIT_NO_DEVICE 69

#define SERVICE_REASON_MAX 160

struct service {
    struct config *config; /* never NULL: the name is config->name */
    struct service *next;

    /* what is wished */
    bool enabled; /* it starts with the system */
    bool wanted;  /* it is to run */
    bool again;   /* it is to be wanted once it is down */

    /* how it fares */
    enum service_state state;
    uint64_t changed; /* when it came into this state; times are loop_now's */
    char reason[SERVICE_REASON_MAX];      /* why */
    char status_text[SERVICE_REASON_MAX]; /* what it says of itself, or "" */
    bool broken;       /* its file is wrong: it cannot be started */
    bool blocked;      /* failed only because of one that it requires */
    pid_t pid;         /* of its process, 0: none */
    int exit_status;   /* of the last one, as wait has it; -1: none ended */
    unsigned restarts; /* without being asked, since boot */
    uint64_t started, ready; /* when it last was, 0: never */
    uint64_t beat;           /* when it last said so, 0: never */
    int health;              /* of the last check: 1 well, 0 not, -1 unknown */

    /* when it first was, for the chart; 0: never */
    uint64_t first_started, first_ready;

    /* the supervisor's */
    struct supervision *supervision;
};

/* ---- Looking ---- */

/* The first service (s is NULL), or the one after s, in the order of names. */
struct service *service_next(const struct service *s);

/* NULL if there is none of this name. */
struct service *service_find(const char *name);

/* "stopped", ..., "no-device". */
const char *service_state_name(enum service_state state);

/* ---- Making: at boot ---- */

/* Adds a service that a configuration, which it takes over, tells of. Whether
 * it is enabled is said in /var/lib/init, or else by the configuration. NULL
 * if there is no memory. */
struct service *service_add(struct config *config);

/* Lets no service be started any more. */
void service_forbid_starts(void);

/* ---- Wishing: 0 or a negative errno ---- */

/* Starts s and, before it, what it requires and wants; takes a failed one back
 * to its beginning. It does not wait. why: "asked by root", for the log.
 * -ENOEXEC if its file is wrong; s->reason says how. -ECANCELED if the machine
 * is going down. */
int service_start(struct service *s, const char *why);

/* Stops s and, before it, all that require it. */
void service_stop(struct service *s, const char *why);
void service_stop_all(const char *why);

/* Stops s and all that require it, and starts again what ran of them. */
int service_restart(struct service *s, const char *why);

/* Sends the reload signal: -ESRCH if it has no process, -EOPNOTSUPP if its
 * file has no signal. */
int service_reload(struct service *s);

/* Whether s starts with the system from the next boot on; kept in
 * /var/lib/init/NAME. Errors are those of writing it. */
int service_set_enabled(struct service *s, bool enabled);

/* ---- Listening ---- */

/* Told of each change of state, with s->state, changed and reason as they are
 * after it. It may not end its own observation. */
struct service_observer {
    void (*changed)(struct service_observer *o, struct service *s,
                    enum service_state before);
    struct service_observer *next;
};

void service_observe(struct service_observer *o);
void service_unobserve(struct service_observer *o);
