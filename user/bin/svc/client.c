#include "svc.h"
#include <err.h>
#include <errno.h>
#include <ipc.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000
#define QUERY_MS   10000

static int connection = -1;

static void
connect_to_init(void)
{
    if (connection >= 0)
        return;
    connection = ipc_connect(CONTROL_PATH, CONNECT_MS);
    if (connection < 0)
        err(SVC_NO_ANSWER, "init does not answer: %s", CONTROL_PATH);
}

int
client_ask(uint16_t request, const char *name, uint64_t seen, void *to,
           size_t room, size_t *length)
{
    struct control_target target = {.seen = seen};
    /* Some requests are about no service. */
    bool about = request != CONTROL_PHASES && request < CONTROL_POWER_OFF;
    struct ipc_packet out = {
        .header = {.type = request, .length = about ? sizeof(target) : 0},
        .data = &target};
    struct ipc_packet in = {.data = to, .room = (uint32_t)room};
    /* What takes its time is limited by the service's own file. */
    bool waits = request >= CONTROL_AWAIT_LOG && request <= CONTROL_RESTART;

    if (strlcpy(target.name, name, sizeof(target.name)) >= sizeof(target.name))
        return -ENOENT; /* no service has such a name */
    connect_to_init();
    if (ipc_call(connection, &out, &in, waits ? -1 : QUERY_MS) != 0)
        err(SVC_NO_ANSWER, "init does not answer");
    *length = in.header.length;
    return in.header.status;
}

int
client_complain(const char *name, int status)
{
    errno = -status;
    switch (errno) {
    case ENOENT:
        warnx("no service of that name: %s; svc list shows them", name);
        return SVC_NOT_FOUND;
    case EPERM:
        warnx("%s: only root may do that", name);
        return SVC_NOT_PERMITTED;
    case ESRCH:
        warnx("%s does not run", name);
        break;
    case EOPNOTSUPP:
        warnx("%s: its file names no signal for that (reload-signal)", name);
        break;
    default:
        warn("%s", name);
    }
    return SVC_FAILED;
}

/* Asks what a service's file says. */
static int
get_details(struct service_info *s)
{
    s->details = prog_realloc(NULL, IPC_DATA_MAX);
    return client_ask(CONTROL_DETAILS, s->record.name, 0, s->details,
                      IPC_DATA_MAX, &s->size);
}

struct service_info *
client_services(bool details, size_t *count)
{
    static struct control_service
        page[IPC_DATA_MAX / sizeof(struct control_service)];
    struct service_info *all = NULL;
    const char *last = "";
    size_t n = 0, length;

    while (client_ask(CONTROL_LIST, last, 0, page, sizeof(page), &length) ==
               0 &&
           length >= sizeof(*page)) {
        size_t more = length / sizeof(*page);
        all = prog_realloc(all, (n + more) * sizeof(*all));
        for (size_t i = 0; i < more; i++, n++) {
            all[n] = (struct service_info){.record = page[i]};
            if (details && get_details(&all[n]) != 0)
                all[n].size = 0;
        }
        last = all[n - 1].record.name;
    }
    *count = n;
    return all;
}

struct service_info *
client_service(const char *name, int *end)
{
    static struct service_info found;
    size_t count;
    struct service_info *all = client_services(false, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].record.name, name) != 0)
            continue;
        found = all[i];
        if (get_details(&found) != 0)
            found.size = 0;
        return &found;
    }
    *end = client_complain(name, -ENOENT);
    return NULL;
}

const char *
client_detail(const struct service_info *s, const char *key, unsigned int n)
{
    size_t length = strlen(key);

    for (size_t at = 0; at < s->size; at += strlen(s->details + at) + 1) {
        const char *text = s->details + at;
        if (strncmp(text, key, length) == 0 && text[length] == '=' && n-- == 0)
            return text + length + 1;
    }
    return NULL;
}
