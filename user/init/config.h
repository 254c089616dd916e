/* What a service file says: pure data, without a service that runs.
 *
 * A configuration owns its text. Times are in nanoseconds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_SECOND   ((uint64_t)1000000000)
#define CONFIG_NAME_MAX 32    /* bytes of a service's name */
#define CONFIG_SOCKETS  8     /* of a service at most */
#define CONFIG_RESTARTS 16    /* the largest restart-limit */
#define CONFIG_FILE_MAX 16384 /* bytes of a service file */

enum config_type {
    CONFIG_SIMPLE,  /* runs as soon as its program is there */
    CONFIG_FORKING, /* runs once its first process has ended with 0 */
    CONFIG_ONESHOT, /* has run once its process has ended with 0 */
    CONFIG_NOTIFY,  /* runs once it says READY=1 on NOTIFY_FD */
};

enum config_restart {
    CONFIG_NEVER,
    CONFIG_ON_FAILURE,
    CONFIG_ALWAYS,
};

/* Where its standard output and error go. */
enum config_output {
    CONFIG_LOG, /* /var/log/NAME */
    CONFIG_CONSOLE,
    CONFIG_NULL,
};

/* Whether it starts with the system, unless somebody says otherwise. */
enum config_phase {
    CONFIG_ESSENTIAL, /* waited for before any other starts */
    CONFIG_SYSTEM,
};

enum config_limit {
    CONFIG_AS,
    CONFIG_CORE,
    CONFIG_DATA,
    CONFIG_NOFILE,
    CONFIG_NPROC,
    CONFIG_STACK,
    CONFIG_LIMITS,
};
#define CONFIG_NO_LIMIT UINT64_MAX

/* Words: items[count] is NULL, so that a list is an argv as it stands. */
struct config_list {
    char **items;
    size_t count;
};

struct config {
    char name[CONFIG_NAME_MAX];
    char *description; /* NULL: none; so it is with all single texts */
    bool enable;
    enum config_phase phase;
    char *when; /* a word of the boot arguments, or '!' and one */

    /* what is run */
    struct config_list exec; /* path and arguments */
    char *argv0;
    enum config_type type;
    char *pidfile;
    struct config_list environment; /* NAME=VALUE */
    char *directory;
    unsigned umask;
    enum config_output output;
    bool console; /* it has the terminal */

    /* when, and what for */
    struct config_list after, requires, wants;
    struct config_list devices; /* files that must be there */
    struct config_list sockets; /* to listen on beforehand */
    uint64_t ready_timeout;

    /* how it ends */
    int stop_signal, reload_signal;
    uint64_t stop_timeout;
    enum config_restart restart;
    unsigned restart_limit; /* in a window; 0: none */
    uint64_t restart_window, restart_delay;
    uint64_t watchdog; /* longest time between heartbeats; 0: none asked */
    struct config_list health; /* a program that ends with 0 if all is well */
    uint64_t health_period, health_timeout;

    /* what it may */
    char *user; /* a name or a number */
    char *group;
    struct config_list groups;
    uint64_t limits[CONFIG_LIMITS]; /* CONFIG_NO_LIMIT: as init's */
    char *root;
    struct config_list may_read, may_write; /* paths; none of either: all */
    struct config_list syscalls; /* the only ones it may make; none: all */
};

/* Told of each error in a file: its line, 0 for one of the whole file. */
struct config_listener {
    void (*complain)(struct config_listener *l, unsigned line,
                     const char *message);
};

/* Reads the text of the service file `name`. The result has the values of what
 * was right and the defaults of all else; it is to be used only if nothing was
 * complained about. NULL if there is no memory. */
struct config *config_parse(const char *name, const char *text,
                            struct config_listener *listener);

/* Frees a configuration and its text. NULL is fine. */
void config_free(struct config *c);

/* Whether a service may have this name: small letters, digits, '.', '_' and
 * '-', a letter or a digit first. */
bool config_is_name(const char *name);

/* Whether a list has this word. */
bool config_lists(const struct config_list *list, const char *word);
