// SOURCES: user/init/control.c user/init/control_describe.c user/init/notify.c
// CFLAGS: -include tests/host/fuzz/user.h -idirafter user/lib
/* What init is told: requests of svc by anybody, and what services say of
 * themselves. Each request is answered once, or put off; nobody but root
 * changes anything. */
#include "fuzz.h"

#include "../../../user/init/control.h"
#include "../../../user/init/output.h"
#include "../../../user/init/phase.h"
#include "../../../user/init/shutdown.h"
#include "../../../user/init/supervise.h"
#include "../../../user/init/supervision.h"

#include <control_protocol.h>
#include <errno.h>
#include <fcntl.h>
#include <ipc.h>
#include <unistd.h>

#define SERVICES  3u
#define STEPS_MAX 32u

static struct config configs[SERVICES];
static struct service services[SERVICES];
static struct supervision supervision;
static struct ipc_server *server;
static struct ipc_ticket tickets[IPC_CLIENTS_MAX];
static uid_t asking; /* whose request is being handled */
static unsigned answers, changes;
static uint64_t written;
static int pipe_ends[2];

/* ---- What stands in for the rest of init ---- */

static void
change(void)
{
    FUZZ_CHECK(asking == 0);
    changes++;
}

struct service *
service_next(const struct service *s)
{
    size_t next = s ? (size_t)(s - services) + 1 : 0;
    return next < SERVICES ? &services[next] : NULL;
}

struct service *
service_find(const char *name)
{
    for (unsigned i = 0; i < SERVICES; i++)
        if (strcmp(configs[i].name, name) == 0)
            return &services[i];
    return NULL;
}

const char *
service_state_name(enum service_state state)
{
    FUZZ_CHECK(state < SERVICE_STATES);
    return "a state whose name is rather long";
}

int
service_start(struct service *s, const char *why)
{
    change();
    s->wanted = true;
    return strlen(why) % 3 ? 0 : -ENOEXEC;
}

void
service_stop(struct service *s, const char *why)
{
    (void)why;
    change();
    s->wanted = false;
}

int
service_restart(struct service *s, const char *why)
{
    (void)why;
    change();
    s->again = true;
    return 0;
}

int
service_reload(struct service *s)
{
    (void)s;
    change();
    return -ESRCH;
}

int
service_set_enabled(struct service *s, bool enabled)
{
    change();
    s->enabled = enabled;
    return 0;
}

void
shutdown_begin(enum shutdown_kind kind, const char *why)
{
    (void)kind;
    (void)why;
    change();
}

const struct phase_times *
phase_times(enum phase phase)
{
    static const struct phase_times times = {.name = "a phase"};

    FUZZ_CHECK(phase < PHASES);
    return &times;
}

uint64_t
output_written(const char *name)
{
    FUZZ_CHECK(memchr(name, '\0', CONTROL_NAME_MAX));
    return written;
}

void
loop_watch(struct watch *w)
{
    (void)w;
}

void
loop_unwatch(struct watch *w)
{
    (void)w;
}

void
supervise_ready(struct service *s)
{
    s->ready++;
}

void
supervise_beat(struct service *s)
{
    s->beat++;
}

/* ---- What stands in for the library ---- */

int
ipc_listen(struct ipc_server *s, const char *path, mode_t mode)
{
    (void)path;
    (void)mode;
    server = s;
    return 0;
}

void
ipc_polls(const struct ipc_server *s, struct pollfd fds[IPC_POLLS])
{
    (void)s;
    memset(fds, -1, IPC_POLLS * sizeof(fds[0]));
}

void
ipc_handle(struct ipc_server *s, const struct pollfd fds[IPC_POLLS])
{
    (void)s;
    (void)fds;
}

void
ipc_reply(struct ipc_server *s, struct ipc_request *r, int status,
          const void *data, size_t length)
{
    const volatile uint8_t *bytes = data;

    FUZZ_CHECK(s == server && length <= IPC_DATA_MAX && status <= 0);
    for (size_t i = 0; i < length; i++)
        (void)bytes[i];
    r->done = true;
    answers++;
}

struct ipc_ticket
ipc_put_off(struct ipc_server *s, struct ipc_request *r)
{
    FUZZ_CHECK(s == server && !r->done);
    r->done = true;
    answers++;
    tickets[r->client] = (struct ipc_ticket){r->client, r->id, r->id, r->type};
    return tickets[r->client];
}

bool
ipc_is_waiting(const struct ipc_server *s, const struct ipc_ticket *t)
{
    (void)s;
    return t->serial && tickets[t->client].serial == t->serial;
}

bool
ipc_answer(struct ipc_server *s, const struct ipc_ticket *t, int status,
           const void *data, size_t length)
{
    FUZZ_CHECK(ipc_is_waiting(s, t) && status <= 0 && data && length > 0);
    tickets[t->client].serial = 0;
    return true;
}

/* ---- Inputs ---- */

static void
ask(struct fuzz_input *in, uint32_t id)
{
    struct ipc_request r = {.type = (uint16_t)fuzz_choose(in, 16), .id = id};
    struct control_target target = {.seen = fuzz_number(in, 1)};
    unsigned how = fuzz_choose(in, 8);
    uint8_t *data = NULL;

    r.client = fuzz_choose(in, IPC_CLIENTS_MAX);
    asking = r.peer.uid = fuzz_choose(in, 2) ? 1000 : 0;
    r.peer.pid = (pid_t)fuzz_number(in, 4);
    if (how == 0) { /* anything */
        r.length = (uint32_t)fuzz_number(in, 1);
        r.data = data = fuzz_copy(in, r.length);
    } else if (how > 1) { /* a name, whole or filled to the end */
        snprintf(target.name, sizeof(target.name), "%s",
                 configs[fuzz_choose(in, SERVICES)].name);
        if (how == 2)
            memset(target.name, 'x', sizeof(target.name));
        r.length = sizeof(target);
        r.data = &target;
    }
    answers = changes = 0;
    server->handle(server, &r);
    /* What there is none of, the library answers. */
    FUZZ_CHECK(answers == 1 ||
               (answers == 0 && (r.type == 0 || r.type > CONTROL_REBOOT)));
    FUZZ_CHECK(changes <= 1);
    free(data);
}

static void
say(struct fuzz_input *in)
{
    static const char *const lines[] = {"READY=1\n", "WATCHDOG=1\n",
                                        "STATUS=", "STOPPING=1\n", "\n"};
    static char long_line[200];
    unsigned i = fuzz_choose(in, 8);

    memset(long_line, 'x', sizeof(long_line));
    if (i == 7) {
        (void)!write(pipe_ends[1], long_line, fuzz_choose(in, 200));
    } else if (i < 5) {
        (void)!write(pipe_ends[1], lines[i], strlen(lines[i]));
    } else {
        size_t n = fuzz_number(in, 1);
        const uint8_t *bytes = fuzz_bytes(in, &n);
        (void)!write(pipe_ends[1], bytes, n);
    }
    if (fuzz_choose(in, 2))
        notify_drain(&supervision.notify);
    FUZZ_CHECK(supervision.notify.used < sizeof(supervision.notify.text));
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char *words[] = {(char *)(uintptr_t) "/bin/a",
                            (char *)(uintptr_t) "b", NULL};

    (void)argc;
    (void)argv;
    FUZZ_CHECK(control_open() == 0);
    for (unsigned i = 0; i < SERVICES; i++) {
        snprintf(configs[i].name, CONFIG_NAME_MAX, "%.*s", 1 + 15 * (int)i,
                 "abcdefghijklmnopqrstuvwxyz012345");
        configs[i].exec = (struct config_list){words, 2};
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    for (unsigned i = 0; i < SERVICES; i++)
        services[i] =
            (struct service){.config = &configs[i], .exit_status = -1};
    supervision = (struct supervision){.service = &services[0]};
    memset(tickets, 0, sizeof(tickets));
    written = 0;
    FUZZ_CHECK(pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC) == 0);
    notify_open(&supervision.notify, pipe_ends[0]);
    for (uint32_t i = 1; i < STEPS_MAX && in.left > 0; i++) {
        switch (fuzz_choose(&in, 4)) {
        case 0:
        case 1:
            ask(&in, i);
            break;
        case 2:
            say(&in);
            break;
        case 3:
            services[fuzz_choose(&in, SERVICES)].state =
                fuzz_choose(&in, SERVICE_STATES);
            tickets[fuzz_choose(&in, IPC_CLIENTS_MAX)].serial = 0;
            written += fuzz_number(&in, 1);
            asking = 1000;
            control_turn();
        }
    }
    /* Nobody is left to be answered, as far as the next input can tell. */
    memset(tickets, 0, sizeof(tickets));
    control_turn();
    close(pipe_ends[1]);
    notify_close(&supervision.notify);
    return 0;
}
