/* The pure parts of init: service files, the order of services, restarts; and
 * what it hears of services. */
// SOURCES: user/init/parse.c user/init/keys.c user/init/values.c
// SOURCES: user/init/syscalls.c user/init/graph.c user/init/restart.c
// SOURCES: user/init/notify.c
// CFLAGS: -DNORETURN=_Noreturn
#include "../../user/init/config.h"
#include "../../user/init/graph.h"
#include "../../user/init/restart.h"
#include "../../user/init/supervise.h"
#include "../../user/init/supervision.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND CONFIG_SECOND

/* ---- Service files ---- */

/* What a file's errors were: "LINE: TEXT|" each. */
struct heard {
    struct config_listener listener;
    char text[8192];
    unsigned most; /* the largest line */
};

static void
hear(struct config_listener *l, unsigned line, const char *message)
{
    struct heard *h = (struct heard *)l;
    size_t n = strlen(h->text);

    snprintf(h->text + n, sizeof(h->text) - n, "%u: %s|", line, message);
    if (line > h->most)
        h->most = line;
}

static struct config *
parse(struct heard *h, const char *text)
{
    memset(h, 0, sizeof(*h));
    h->listener.complain = hear;
    return config_parse("test", text, &h->listener);
}

/* The errors of a file that otherwise says what it must. */
static void
check_errors(const char *text, const char *errors)
{
    char whole[1024];
    struct heard h;

    snprintf(whole, sizeof(whole), "%s\nexec = /bin/true\n", text);
    struct config *c = parse(&h, whole);
    assert_string_equal(h.text, errors);
    config_free(c);
}

static const char whole_file[] =
    "# a comment\n"
    "\n"
    "  description = Serves \"all\" that there is  \n"
    "exec=/bin/server -v \"two words\" a\\ b \"\" \"c\\\"d\"\r\n"
    "\tuser = daemon\n"
    "group = tty\n"
    "groups = disk users\n"
    "after = one two\n"
    "after = three\n"
    "requires = four\n"
    "wants = five\n"
    "type = notify\n"
    "ready-timeout = 1500ms\n"
    "restart = always\n"
    "restart-limit = 5\n"
    "restart-window = 2min\n"
    "restart-delay = 1h\n"
    "limit-nofile = 64\n"
    "limit-as = 16M\n"
    "limit-core = none\n"
    "environment = A=1 B=\"x y\"\n"
    "directory = /tmp\n"
    "umask = 027\n"
    "console = yes\n"
    "output = null\n"
    "phase = essential\n"
    "enable = no\n"
    "stop-signal = SIGINT\n"
    "reload-signal = HUP\n"
    "stop-timeout = 0\n"
    "watchdog = 3s\n"
    "health = /bin/check it\n"
    "sockets = stream:/run/a.sock dgram:@b\n"
    "devices = /dev/vdb\n"
    "syscalls = read write\n"
    "root = /srv";

static void
test_all_keys(void **state)
{
    struct heard h;
    struct config *c = parse(&h, whole_file);

    (void)state;
    assert_string_equal(h.text, "");
    assert_string_equal(c->name, "test");
    assert_string_equal(c->description, "Serves \"all\" that there is");
    assert_int_equal(c->exec.count, 6);
    assert_string_equal(c->exec.items[2], "two words");
    assert_string_equal(c->exec.items[3], "a b");
    assert_string_equal(c->exec.items[4], "");
    assert_string_equal(c->exec.items[5], "c\"d");
    assert_null(c->exec.items[6]);
    assert_string_equal(c->user, "daemon");
    assert_int_equal(c->groups.count, 2);
    assert_int_equal(c->after.count, 3);
    assert_true(config_lists(&c->after, "three"));
    assert_int_equal(c->type, CONFIG_NOTIFY);
    assert_int_equal(c->ready_timeout, SECOND * 3 / 2);
    assert_int_equal(c->restart, CONFIG_ALWAYS);
    assert_int_equal(c->restart_limit, 5);
    assert_int_equal(c->restart_window, 120 * SECOND);
    assert_int_equal(c->restart_delay, 3600 * SECOND);
    assert_int_equal(c->limits[CONFIG_NOFILE], 64);
    assert_int_equal(c->limits[CONFIG_AS], 16 << 20);
    assert_true(c->limits[CONFIG_CORE] == CONFIG_NO_LIMIT);
    assert_string_equal(c->environment.items[1], "B=x y");
    assert_int_equal(c->umask, 027);
    assert_true(c->console);
    assert_int_equal(c->output, CONFIG_NULL);
    assert_int_equal(c->phase, CONFIG_ESSENTIAL);
    assert_false(c->enable);
    assert_int_equal(c->stop_signal, SIGINT);
    assert_int_equal(c->reload_signal, SIGHUP);
    assert_int_equal(c->stop_timeout, 0);
    assert_int_equal(c->syscalls.count, 2);
    config_free(c);
}

static void
test_defaults(void **state)
{
    struct heard h;
    struct config *c = parse(&h, "exec = /bin/true\n");

    (void)state;
    assert_string_equal(h.text, "");
    assert_true(c->enable);
    assert_int_equal(c->type, CONFIG_SIMPLE);
    assert_int_equal(c->restart, CONFIG_ON_FAILURE);
    assert_int_equal(c->restart_limit, 3);
    assert_int_equal(c->stop_signal, SIGTERM);
    assert_int_equal(c->ready_timeout, 10 * SECOND);
    assert_int_equal(c->umask, 022);
    assert_null(c->user);
    config_free(c);
    c = parse(&h, "type = oneshot\nexec = /bin/true\n");
    assert_int_equal(c->ready_timeout, 0);
    config_free(c);
}

static void
test_errors(void **state)
{
    (void)state;
    check_errors("exce = /bin/x", "1: unknown key 'exce'|");
    check_errors("nonsense", "1: expected 'key = value', not 'nonsense'|");
    check_errors("type = clever",
                 "1: type: expected simple, forking, oneshot or notify, not "
                 "'clever'|");
    check_errors("user =", "1: user: expected a value, not ''|");
    check_errors("user = a\nuser = b", "2: user stands in line 1 already|");
    check_errors("\n\nafter = Big\n",
                 "3: after: expected names of services, not 'Big'|");
    check_errors("ready-timeout = 5",
                 "1: ready-timeout: expected a time, such as 500ms, 5s, 2min "
                 "or 1h, not '5'|");
    check_errors("stop-timeout = 99999999999h",
                 "1: stop-timeout: expected a time, such as 500ms, 5s, 2min or "
                 "1h, not '99999999999h'|");
    check_errors("umask = 9", "1: umask: expected an octal number up to 777, "
                              "not '9'|");
    check_errors("syscalls = read rite",
                 "1: syscalls: expected names of system calls, not 'read "
                 "rite'|");
    check_errors("directory = tmp",
                 "1: directory: expected a path from /, not 'tmp'|");
    check_errors("sockets = /run/x",
                 "1: sockets: expected stream:, dgram: or seqpacket: and a "
                 "path from / or an abstract @name, not '/run/x'|");
    check_errors("environment = =x",
                 "1: environment: expected NAME=VALUE, not '=x'|");
    check_errors("groups = \"a",
                 "1: groups: expected an end of what a \" or \\ begins, not "
                 "'\"a'|");
    check_errors("stop-signal = 15",
                 "1: stop-signal: expected HUP, INT, QUIT, KILL, USR1, USR2 or "
                 "TERM, not '15'|");
    check_errors("type = forking", "0: type forking needs a pidfile|");
    check_errors("type = oneshot\nhealth = /bin/true",
                 "0: a oneshot has no health to check|");
    check_errors("restart-window = 0",
                 "0: a restart-window of 0 has no restarts in it|");
    check_errors("group = tty", "0: group and groups need a user|");
    check_errors("groups = tty", "0: group and groups need a user|");
    check_errors("type = oneshot\nrestart = always",
                 "0: a oneshot cannot be restarted always|");
}

/* All of a file's errors are told, in one go. */
static void
test_many_errors(void **state)
{
    struct heard h;
    struct config *c = parse(&h, "a = 1\nenable = maybe\nb\n");

    (void)state;
    assert_string_equal(h.text, "1: unknown key 'a'|"
                                "2: enable: expected yes or no, not 'maybe'|"
                                "3: expected 'key = value', not 'b'|"
                                "0: exec is missing|");
    config_free(c);
}

static void
test_names(void **state)
{
    (void)state;
    assert_true(config_is_name("a"));
    assert_true(config_is_name("web-server.2_x"));
    assert_true(config_is_name("abcdefghijabcdefghijabcdefghij1"));
    assert_false(config_is_name("abcdefghijabcdefghijabcdefghij12"));
    assert_false(config_is_name(""));
    assert_false(config_is_name(".x"));
    assert_false(config_is_name("-x"));
    assert_false(config_is_name("a/b"));
    assert_false(config_is_name("A"));
}

/* Changes a byte, takes some out, or doubles a part, here and there. */
static void
mutate(char *text, size_t size)
{
    static const char liked[] = "=\n\"\\ #\t,09azAZ-_/:@\x7f\xff";
    unsigned changes = 1 + (unsigned)rand() % 6;

    while (changes--) {
        size_t n = strlen(text), at = (size_t)rand() % (n + 1);
        size_t part = (size_t)rand() % 20;
        switch (rand() % 3) {
        case 0:
            if (at < n)
                text[at] = liked[(size_t)rand() % (sizeof(liked) - 1)];
            break;
        case 1:
            if (at + part < n)
                memmove(text + at, text + at + part, n - at - part + 1);
            break;
        default:
            if (at + part < n && n + part < size)
                memmove(text + at + part, text + at, n - at + 1);
        }
    }
}

static void
test_mutated_files(void **state)
{
    char text[4096];
    struct heard h;

    (void)state;
    srand(1);
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "%s", whole_file);
        mutate(text, sizeof(text));
        unsigned lines = 1;
        for (const char *s = text; *s; s++)
            lines += *s == '\n';
        struct config *c = parse(&h, text);
        assert_non_null(c);
        assert_true(h.most <= lines);
        assert_true(c->exec.count > 0 || strstr(h.text, "exec"));
        config_free(c);
    }
}

/* ---- The order of services ---- */

static bool
has_edge(const struct graph *g, size_t from, size_t to)
{
    return g->edges[from * g->count + to];
}

/* Whether there is an order, found by taking away, one after the other, nodes
 * that come after none that is left. */
static bool
has_order(const struct graph *g)
{
    bool taken[32] = {false};
    size_t left = g->count;

    for (bool found = true; found && left > 0;) {
        found = false;
        for (size_t i = 0; i < g->count; i++) {
            bool free = !taken[i];
            for (size_t k = 0; k < g->count; k++)
                free &= taken[k] || !has_edge(g, i, k);
            if (free) {
                taken[i] = found = true;
                left--;
            }
        }
    }
    return left == 0;
}

static void
check_cycle(const struct graph *g, const size_t *path, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(has_edge(g, path[i], path[(i + 1) % n]));
}

static void
test_random_graphs(void **state)
{
    unsigned with = 0, without = 0;
    size_t path[32], n;

    (void)state;
    srand(2);
    for (int round = 0; round < 5000; round++) {
        struct graph g;
        size_t count = 1 + (size_t)rand() % 16;
        assert_true(graph_init(&g, count));
        for (size_t i = (size_t)rand() % (count * 2); i > 0; i--)
            graph_add(&g, (size_t)rand() % count, (size_t)rand() % count);
        if (has_order(&g))
            without++;
        else
            with++;
        while ((n = graph_find_cycle(&g, path)) > 0) {
            assert_false(has_order(&g));
            assert_true(n <= count);
            check_cycle(&g, path, n);
            for (size_t i = 0; i < n; i++)
                graph_isolate(&g, path[i]);
        }
        assert_true(has_order(&g));
        graph_free(&g);
    }
    assert_true(with > 500 && without > 500);
}

static void
test_cycle_of_one(void **state)
{
    struct graph g;
    size_t path[3];

    (void)state;
    assert_true(graph_init(&g, 3));
    graph_add(&g, 0, 1);
    graph_add(&g, 1, 1);
    assert_int_equal(graph_find_cycle(&g, path), 1);
    assert_int_equal(path[0], 1);
    graph_free(&g);
}

/* ---- Restarts ---- */

static struct config
restarting(void)
{
    return (struct config){
        .restart = CONFIG_ON_FAILURE,
        .restart_limit = 3,
        .restart_window = 60 * SECOND,
        .restart_delay = SECOND,
    };
}

static void
test_restart_policies(void **state)
{
    struct config c = restarting();

    (void)state;
    assert_true(restart_is_due(&c, false));
    assert_false(restart_is_due(&c, true));
    c.restart = CONFIG_ALWAYS;
    assert_true(restart_is_due(&c, true));
    c.restart = CONFIG_NEVER;
    assert_false(restart_is_due(&c, false));
}

static void
test_restart_limit(void **state)
{
    struct config c = restarting();
    struct restart_history h = {0};
    uint64_t now = 100 * SECOND;

    (void)state;
    assert_int_equal(restart_delay(&h, &c, now), SECOND);
    assert_int_equal(restart_delay(&h, &c, now + 1 * SECOND), 2 * SECOND);
    assert_int_equal(restart_delay(&h, &c, now + 3 * SECOND), 4 * SECOND);
    assert_true(restart_delay(&h, &c, now + 7 * SECOND) == RESTART_NEVER);
    /* The first one, at 101 s, has left the window; a refusal left no mark. */
    assert_int_equal(restart_delay(&h, &c, now + 61 * SECOND), 4 * SECOND);
    assert_true(restart_delay(&h, &c, now + 62 * SECOND) == RESTART_NEVER);
    assert_int_equal(restart_delay(&h, &c, now + 500 * SECOND), SECOND);
}

static void
test_restart_without_limit(void **state)
{
    struct config c = restarting();
    struct restart_history h = {0};
    uint64_t now = 0, delay, total = 0;

    (void)state;
    c.restart_limit = 0;
    c.restart_window = 10 * SECOND;
    c.restart_delay = SECOND / 20;
    for (int i = 0; i < 100; i++) {
        delay = restart_delay(&h, &c, now);
        assert_true(delay <= 32 * SECOND);
        now += delay;
        total += delay;
    }
    /* It never stops, and never keeps the machine busy. */
    assert_true(total > 100 * SECOND);
}

static void
test_restart_at_once(void **state)
{
    struct config c = restarting();
    struct restart_history h = {0};

    (void)state;
    c.restart_limit = 0;
    c.restart_delay = 0;
    assert_int_equal(restart_delay(&h, &c, SECOND), SECOND / 100);
    assert_int_equal(restart_delay(&h, &c, SECOND), SECOND / 50);
}

static void
test_what_may_pass(void **state)
{
    (void)state;
    assert_true(restart_may_help(ENOMEM) && restart_may_help(EAGAIN));
    assert_true(restart_may_help(EMFILE) && restart_may_help(ENFILE));
    assert_true(restart_may_help(EIO));
    assert_false(restart_may_help(ENOENT) || restart_may_help(EACCES));
}

/* ---- What services say ---- */

static struct watch *watched;
static int readies;

void
loop_watch(struct watch *w)
{
    watched = w;
}

void
loop_unwatch(struct watch *w)
{
    assert_ptr_equal(w, watched);
    watched = NULL;
}

void
supervise_ready(struct service *s)
{
    assert_non_null(s);
    readies++;
}

void
supervise_beat(struct service *s)
{
    assert_non_null(s);
}

static void
test_last_words(void **state)
{
    static const char words[] = "STATUS=well\nREADY=1\nand";
    struct service s = {0};
    struct supervision v = {.service = &s};
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    notify_open(&v.notify, fds[0]);
    assert_int_equal(write(fds[1], words, sizeof(words) - 1),
                     sizeof(words) - 1);
    notify_drain(&v.notify);
    assert_int_equal(readies, 1);
    assert_string_equal(s.status_text, "well");
    assert_non_null(watched);
    notify_close(&v.notify);
    notify_drain(&v.notify);
    assert_null(watched);
    close(fds[1]);
}

/* Who never stops talking is not listened to for ever. */
static void
test_endless_words(void **state)
{
    struct service s = {0};
    struct supervision v = {.service = &s};

    (void)state;
    notify_open(&v.notify, open("/dev/zero", O_RDONLY));
    alarm(20); /* ends the test if that never returns */
    notify_drain(&v.notify);
    alarm(0);
    notify_close(&v.notify);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_many_errors),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_mutated_files),
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_cycle_of_one),
        cmocka_unit_test(test_restart_policies),
        cmocka_unit_test(test_restart_limit),
        cmocka_unit_test(test_restart_without_limit),
        cmocka_unit_test(test_restart_at_once),
        cmocka_unit_test(test_what_may_pass),
        cmocka_unit_test(test_last_words),
        cmocka_unit_test(test_endless_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
