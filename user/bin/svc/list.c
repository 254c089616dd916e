/* Tables of services, all about one, and who needs whom. */
#include "svc.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define COLUMNS      80
#define NAME_MOST    20 /* columns */
#define STATUS_LINES 5  /* of the log */

/* What there is to say: what it says itself while it runs, else why not. */
static const char *
remark_of(const struct control_service *r)
{
    return strcmp(r->state, "running") == 0 && *r->status ? r->status
                                                          : r->reason;
}

static int
name_width(const struct service_info *all, size_t count)
{
    size_t most = 4;

    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(all[i].record.name);
        if (n > most)
            most = n;
    }
    return most < NAME_MOST ? (int)most : NAME_MOST;
}

int
list_all(void)
{
    size_t count;
    struct service_info *all = client_services(false, &count);
    int width = name_width(all, count);
    uint64_t now = show_now();

    printf("%-*s STATE        PID  SINCE RESTARTS WHAT\n", width, "NAME");
    for (size_t i = 0; i < count; i++) {
        const struct control_service *r = &all[i].record;
        char span[16], pid[16] = "-";
        if (r->pid > 0)
            snprintf(pid, sizeof(pid), "%d", r->pid);
        show_text(r->name, width);
        putchar(' ');
        show_state(r->state, 9);
        printf(" %6s %6s %8u ", pid,
               r->changed ? show_span(now - r->changed, span) : "-",
               r->restarts);
        show_cut(remark_of(r), COLUMNS - width - 35);
        putchar('\n');
    }
    return SVC_DONE;
}

/* ---- One service ---- */

static void
show_line(const char *key, const char *value)
{
    printf("  %-10s", key);
    show_cut(value, COLUMNS - 12);
    putchar('\n');
}

/* The values of a key, in one line. */
static void
show_values(const struct service_info *s, const char *key)
{
    const char *value = client_detail(s, key, 0);
    char line[256];
    size_t used = 0;

    for (unsigned int n = 0; value; value = client_detail(s, key, ++n))
        if (used < sizeof(line) - 1)
            used += (size_t)snprintf(line + used, sizeof(line) - used, "%s ",
                                     value);
    if (used > 0)
        show_line(key, line);
}

static void
show_exit(int status)
{
    char line[64];

    if (status < 0)
        return;
    if (WIFSIGNALED(status))
        snprintf(line, sizeof(line), "by signal %d: %s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(line, sizeof(line), "with status %d", WEXITSTATUS(status));
    show_line("last end", line);
}

static void
show_state_line(const struct control_service *r)
{
    char span[16];

    printf("  %-10s", "state");
    show_state(r->state, (int)strlen(r->state));
    if (r->changed)
        printf(" for %s", show_span(show_now() - r->changed, span));
    if (*r->reason) {
        printf(": ");
        show_cut(r->reason, COLUMNS - 36);
    }
    putchar('\n');
}

static void
show_process(const struct control_service *r)
{
    char line[64], span[16];

    if (r->pid > 0) {
        snprintf(line, sizeof(line), "%d", r->pid);
        show_line("process", line);
    }
    if (r->first_ready > r->first_started) {
        show_span(r->first_ready - r->first_started, span);
        show_line("ready in", span);
    }
    snprintf(line, sizeof(line), "%u", r->restarts);
    show_line("restarts", line);
    show_exit(r->exit_status);
    if (r->health >= 0)
        show_line("health", r->health ? "well" : "not well");
    if (r->beat) {
        snprintf(line, sizeof(line), "%s ago",
                 show_span(show_now() - r->beat, span));
        show_line("heartbeat", line);
    }
}

int
list_status(const char *name)
{
    static const char *const keys[] = {"exec",  "user",    "after",  "requires",
                                       "wants", "devices", "sockets"};
    int end = SVC_DONE;
    struct service_info *s = client_service(name, &end);
    const char *description;

    if (!s)
        return end;
    description = client_detail(s, "description", 0);
    printf("%s%s", s->record.name, description ? ": " : "");
    show_cut(description ? description : "", COLUMNS - 2 - (int)strlen(name));
    putchar('\n');
    show_state_line(&s->record);
    if (*s->record.status)
        show_line("it says", s->record.status);
    show_process(&s->record);
    show_line("at boot", s->record.enabled ? "enabled" : "disabled");
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        show_values(s, keys[i]);
    log_show(name, STATUS_LINES, false);
    return strcmp(s->record.state, "running") == 0 ? SVC_DONE : SVC_FAILED;
}

/* ---- The tree ---- */

static struct service_info *services;
static size_t service_count;

static const char *const need_keys[] = {"requires", "wants", "after"};

static struct service_info *
find(const char *name)
{
    for (size_t i = 0; i < service_count; i++)
        if (strcmp(services[i].record.name, name) == 0)
            return &services[i];
    return NULL;
}

/* The n-th of those that s needs, each once; its key in *key. */
static struct service_info *
need_of(const struct service_info *s, unsigned int n, const char **key)
{
    struct service_info *seen[64];
    size_t count = 0;

    for (size_t k = 0; k < ARRAY_LEN(need_keys); k++) {
        const char *name;
        for (unsigned int i = 0; (name = client_detail(s, need_keys[k], i));
             i++) {
            struct service_info *other = find(name);
            size_t j = 0;
            while (j < count && seen[j] != other)
                j++;
            if (!other || j < count || count == ARRAY_LEN(seen))
                continue;
            *key = need_keys[k];
            if (n-- == 0)
                return other;
            seen[count++] = other;
        }
    }
    return NULL;
}

static bool
is_needed(const struct service_info *s)
{
    const char *key;

    for (size_t i = 0; i < service_count; i++) {
        const struct service_info *need;
        for (unsigned int n = 0; (need = need_of(&services[i], n, &key)); n++)
            if (need == s)
                return true;
    }
    return false;
}

/* Prints what s needs below it. */
static void
show_needs(const struct service_info *s, const char *indent, size_t depth)
{
    const char *key, *next_key;
    struct service_info *need = need_of(s, 0, &key);

    /* A circle would have no end; init lets none through. */
    for (unsigned int n = 1; need && depth < service_count; n++) {
        struct service_info *next = need_of(s, n, &next_key);
        char deeper[COLUMNS];
        printf("%s%s %s ", indent, next ? "|-" : "`-", need->record.name);
        show_state(need->record.state, (int)strlen(need->record.state));
        printf(" (%s)\n", key);
        snprintf(deeper, sizeof(deeper), "%s%s", indent, next ? "|  " : "   ");
        show_needs(need, deeper, depth + 1);
        need = next;
        key = next_key;
    }
}

int
list_tree(void)
{
    services = client_services(true, &service_count);
    for (size_t i = 0; i < service_count; i++) {
        const struct control_service *r = &services[i].record;
        if (is_needed(&services[i]))
            continue;
        printf("%s ", r->name);
        show_state(r->state, (int)strlen(r->state));
        putchar('\n');
        show_needs(&services[i], "", 0);
    }
    return SVC_DONE;
}
