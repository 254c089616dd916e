/* The grammar: lines "key = value", comments, and what must fit together. */
#include "config.h"
#include "keys.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file while it is read. */
struct parse {
    struct config *config;
    struct config_listener *listener;
    unsigned line;
    unsigned seen[KEY_MOST]; /* the line that a key first stood in */
};

static void __attribute__((format(printf, 3, 4)))
complain(struct parse *p, unsigned line, const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    p->listener->complain(p->listener, line, text);
}

bool
config_is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

    return *name && !strchr("._-", *name) && strlen(name) < CONFIG_NAME_MAX &&
           name[strspn(name, allowed)] == '\0';
}

bool
config_lists(const struct config_list *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], word) == 0)
            return true;
    return false;
}

/* Takes the blanks off both ends of the text up to end. */
static char *
trim(char *text, char *end)
{
    while (end > text && strchr(" \t\r", end[-1]))
        end--;
    *end = '\0';
    return text + strspn(text, " \t\r");
}

static void
parse_assignment(struct parse *p, const char *name, const char *value)
{
    int key = key_find(name);
    const char *expected;

    if (key < 0) {
        complain(p, p->line, "unknown key '%.40s'", name);
        return;
    }
    if (p->seen[key] && !key_adds_up(key)) {
        complain(p, p->line, "%s stands in line %u already", name,
                 p->seen[key]);
        return;
    }
    p->seen[key] = p->line;
    expected = *value ? key_set(key, value, p->config) : "a value";
    if (expected)
        complain(p, p->line, "%s: expected %s, not '%.40s'", name, expected,
                 value);
}

static void
parse_line(struct parse *p, char *line, char *end)
{
    char *text = trim(line, end), *equals = strchr(text, '=');

    if (*text == '\0' || *text == '#')
        return;
    if (!equals) {
        complain(p, p->line, "expected 'key = value', not '%.40s'", text);
        return;
    }
    char *value = trim(equals + 1, text + strlen(text));
    parse_assignment(p, trim(text, equals), value);
}

/* What only shows once all lines are read. */
static void
check_whole(struct parse *p)
{
    struct config *c = p->config;

    if (!c->exec.count)
        complain(p, 0, "exec is missing");
    if (c->type == CONFIG_FORKING && !c->pidfile)
        complain(p, 0, "type forking needs a pidfile");
    if (c->type == CONFIG_ONESHOT && c->restart == CONFIG_ALWAYS)
        complain(p, 0, "a oneshot cannot be restarted always");
    if (c->type == CONFIG_ONESHOT && c->watchdog)
        complain(p, 0, "a oneshot has no watchdog");
    if (c->type == CONFIG_ONESHOT && c->health.count)
        complain(p, 0, "a oneshot has no health to check");
    if (c->restart_window == 0)
        complain(p, 0, "a restart-window of 0 has no restarts in it");
    if (!c->user && (c->group || c->groups.count))
        complain(p, 0, "group and groups need a user");
    if (c->console && c->type == CONFIG_FORKING)
        complain(p, 0, "a forking service cannot have the console");
    if (c->sockets.count > CONFIG_SOCKETS)
        complain(p, 0, "more than %d sockets", CONFIG_SOCKETS);
    if (c->ready_timeout == CONFIG_NO_LIMIT)
        c->ready_timeout = c->type == CONFIG_ONESHOT ? 0 : 10 * CONFIG_SECOND;
}

struct config *
config_parse(const char *name, const char *text,
             struct config_listener *listener)
{
    struct parse p = {.listener = listener};
    char *copy = strdup(text), *line = copy, *end;

    p.config = calloc(1, sizeof(*p.config));
    if (!p.config || !copy) {
        free(p.config);
        free(copy);
        return NULL;
    }
    snprintf(p.config->name, sizeof(p.config->name), "%s", name);
    key_set_defaults(p.config);
    if (!config_is_name(name))
        complain(&p, 0,
                 "no name for a service: small letters, digits, '.', "
                 "'_' and '-', at most %d",
                 CONFIG_NAME_MAX - 1);
    while (*line) {
        p.line++;
        end = line + strcspn(line, "\n");
        char *next = *end ? end + 1 : end;
        parse_line(&p, line, end);
        line = next;
    }
    check_whole(&p);
    free(copy);
    return p.config;
}
