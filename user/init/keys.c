#include "keys.h"
#include "syscalls.h"
#include "values.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    TEXT,
    PATH,
    WORDS,
    COMMAND,     /* words, the first of them a path */
    NAMES,       /* words that can name services */
    PATHS,       /* words that are paths */
    ENVIRONMENT, /* words NAME=VALUE */
    SOCKETS,     /* words KIND:ADDRESS */
    CALLS,       /* words that name system calls */
    BOOL,
    CHOICE,
    NUMBER,
    OCTAL,
    TIME,
    LIMIT,
    SIGNAL,
};

static const char *const type_names[] = {"simple", "forking", "oneshot",
                                         "notify", NULL};
static const char *const restart_names[] = {"never", "on-failure", "always",
                                            NULL};
static const char *const output_names[] = {"log", "console", "null", NULL};
static const char *const phase_names[] = {"essential", "system", NULL};

#define AT(field) offsetof(struct config, field)

static const struct key {
    const char *name;
    enum kind kind;
    size_t at;
    const char *const *choices; /* in the order of the enumeration */
} keys[] = {
    {"description", TEXT, AT(description), NULL},
    {"enable", BOOL, AT(enable), NULL},
    {"phase", CHOICE, AT(phase), phase_names},
    {"when", TEXT, AT(when), NULL},

    {"exec", COMMAND, AT(exec), NULL},
    {"argv0", TEXT, AT(argv0), NULL},
    {"type", CHOICE, AT(type), type_names},
    {"pidfile", PATH, AT(pidfile), NULL},
    {"environment", ENVIRONMENT, AT(environment), NULL},
    {"directory", PATH, AT(directory), NULL},
    {"umask", OCTAL, AT(umask), NULL},
    {"output", CHOICE, AT(output), output_names},
    {"console", BOOL, AT(console), NULL},

    {"after", NAMES, AT(after), NULL},
    {"requires", NAMES, AT(requires), NULL},
    {"wants", NAMES, AT(wants), NULL},
    {"devices", PATHS, AT(devices), NULL},
    {"sockets", SOCKETS, AT(sockets), NULL},
    {"ready-timeout", TIME, AT(ready_timeout), NULL},

    {"stop-signal", SIGNAL, AT(stop_signal), NULL},
    {"stop-timeout", TIME, AT(stop_timeout), NULL},
    {"reload-signal", SIGNAL, AT(reload_signal), NULL},
    {"restart", CHOICE, AT(restart), restart_names},
    {"restart-limit", NUMBER, AT(restart_limit), NULL},
    {"restart-window", TIME, AT(restart_window), NULL},
    {"restart-delay", TIME, AT(restart_delay), NULL},
    {"watchdog", TIME, AT(watchdog), NULL},
    {"health", COMMAND, AT(health), NULL},
    {"health-period", TIME, AT(health_period), NULL},
    {"health-timeout", TIME, AT(health_timeout), NULL},

    {"user", TEXT, AT(user), NULL},
    {"group", TEXT, AT(group), NULL},
    {"groups", WORDS, AT(groups), NULL},
    {"limit-as", LIMIT, AT(limits[CONFIG_AS]), NULL},
    {"limit-core", LIMIT, AT(limits[CONFIG_CORE]), NULL},
    {"limit-data", LIMIT, AT(limits[CONFIG_DATA]), NULL},
    {"limit-nofile", LIMIT, AT(limits[CONFIG_NOFILE]), NULL},
    {"limit-nproc", LIMIT, AT(limits[CONFIG_NPROC]), NULL},
    {"limit-stack", LIMIT, AT(limits[CONFIG_STACK]), NULL},
    {"root", PATH, AT(root), NULL},
    {"may-read", PATHS, AT(may_read), NULL},
    {"may-write", PATHS, AT(may_write), NULL},
    {"syscalls", CALLS, AT(syscalls), NULL},
};

#define KEYS (sizeof(keys) / sizeof(*keys))
_Static_assert(KEYS <= KEY_MOST, "KEY_MOST");
_Static_assert(sizeof(enum config_type) == sizeof(int), "choices are ints");

int
key_find(const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].name, name) == 0)
            return (int)i;
    return -1;
}

static bool
is_list(enum kind kind)
{
    return kind >= WORDS && kind <= CALLS;
}

bool
key_adds_up(int key)
{
    return is_list(keys[key].kind) && keys[key].kind != COMMAND;
}

/* ---- What a word of a list may be ---- */

static bool
is_environment(const char *word)
{
    const char *equals = strchr(word, '=');

    return equals && equals != word;
}

static bool
is_socket(const char *word)
{
    static const char *const kinds[] = {"stream:", "dgram:", "seqpacket:"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        size_t n = strlen(kinds[i]);
        if (strncmp(word, kinds[i], n) == 0)
            return (word[n] == '/' || word[n] == '@') && word[n + 1];
    }
    return false;
}

/* NULL, or what a word of such a list is to be. */
static const char *
check_word(enum kind kind, const char *word, bool first)
{
    switch (kind) {
    case COMMAND:
        return !first || *word == '/' ? NULL : "a program's path from /";
    case PATHS:
        return *word == '/' ? NULL : "paths from /";
    case NAMES:
        return config_is_name(word) ? NULL : "names of services";
    case ENVIRONMENT:
        return is_environment(word) ? NULL : "NAME=VALUE";
    case SOCKETS:
        return is_socket(word) ? NULL
                               : "stream:, dgram: or seqpacket: and a path "
                                 "from / or an abstract @name";
    case CALLS:
        return syscall_find(word) >= 0 ? NULL : "names of system calls";
    default:
        return NULL;
    }
}

static const char *
set_list(enum kind kind, const char *value, struct config_list *list)
{
    size_t before = list->count;
    const char *expected = value_words(value, list);

    for (size_t i = before; !expected && i < list->count; i++)
        expected = check_word(kind, list->items[i], i == 0);
    return expected;
}

/* ---- Single values ---- */

static const char *
set_text(enum kind kind, const char *value, char **to)
{
    if (kind == PATH && *value != '/')
        return "a path from /";
    *to = strdup(value);
    return *to ? NULL : "more memory";
}

static const char *
set_choice(const char *const *choices, const char *value, unsigned *to)
{
    static char expected[80];
    size_t n = 0;

    for (unsigned i = 0; choices[i]; i++) {
        if (strcmp(choices[i], value) == 0) {
            *to = i;
            return NULL;
        }
        const char *between = i == 0 ? "" : choices[i + 1] ? ", " : " or ";
        n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s%s",
                              between, choices[i]);
    }
    return expected;
}

const char *
key_set(int key, const char *value, struct config *c)
{
    const struct key *k = &keys[key];
    void *to = (char *)c + k->at;
    const char *expected;
    uint64_t n;

    if (is_list(k->kind))
        return set_list(k->kind, value, to);
    switch (k->kind) {
    case BOOL:
        return value_bool(value, to);
    case CHOICE:
        return set_choice(k->choices, value, to);
    case NUMBER:
        expected = value_number(value, CONFIG_RESTARTS, &n);
        if (!expected)
            *(unsigned *)to = (unsigned)n;
        return expected;
    case OCTAL:
        return value_octal(value, to);
    case TIME:
        return value_time(value, to);
    case LIMIT:
        return value_limit(value, to);
    case SIGNAL:
        return value_signal(value, to);
    default:
        return set_text(k->kind, value, to);
    }
}

void
key_set_defaults(struct config *c)
{
    c->enable = true;
    c->phase = CONFIG_SYSTEM;
    c->umask = 022;
    c->restart = CONFIG_ON_FAILURE;
    c->restart_limit = 3;
    c->restart_window = 60 * CONFIG_SECOND;
    c->restart_delay = CONFIG_SECOND;
    c->ready_timeout = CONFIG_NO_LIMIT; /* depends on the type */
    c->stop_timeout = 5 * CONFIG_SECOND;
    value_signal("TERM", &c->stop_signal);
    c->health_period = 30 * CONFIG_SECOND;
    c->health_timeout = 5 * CONFIG_SECOND;
    for (int i = 0; i < CONFIG_LIMITS; i++)
        c->limits[i] = CONFIG_NO_LIMIT;
}

static void
free_list(struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
}

void
config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < KEYS; i++) {
        void *at = (char *)c + keys[i].at;
        if (is_list(keys[i].kind))
            free_list(at);
        else if (keys[i].kind == TEXT || keys[i].kind == PATH)
            free(*(char **)at);
    }
    free(c);
}
