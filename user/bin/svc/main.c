/* svc: shows and controls the services that init runs. */
#include "svc.h"
#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: svc COMMAND [NAME...]\n"
    "Show and control services.\n"
    "  list                all services: state, process, how long, why\n"
    "  status NAME...      all about them, and the end of their logs\n"
    "  tree                which services need which others\n"
    "  log [-f] [-n LINES] NAME\n"
    "                      the last 20 LINES that it printed; -f: and what\n"
    "                      follows. The log of init itself is called init\n"
    "  chart [--svg]       how the system started, and what took longest\n"
    "  ping NAME           ask the service itself how it is\n"
    "and, for root alone, with effect before it returns:\n"
    "  start NAME...       with all that they need\n"
    "  stop NAME...        with all that need them\n"
    "  stop --all          everything, and switch the machine off\n"
    "  restart NAME...\n"
    "  reload NAME...      have them read their own files again\n"
    "  enable NAME...      they start with the system\n"
    "  disable NAME...     they do not\n"
    "Exit status: 0 done; 1 not (status: it does not run); 2 wrong usage;\n"
    "3 init does not answer; 4 no such service; 5 not permitted.\n";

/* ---- Changes ---- */

/* Whether a service became what was asked for. */
static bool
is_as_asked(uint16_t request, const struct control_service *r)
{
    if (request == CONTROL_START || request == CONTROL_RESTART)
        return strcmp(r->state, "running") == 0;
    if (request == CONTROL_STOP)
        return strcmp(r->state, "running") != 0;
    return true;
}

static int
change(uint16_t request, const char *name)
{
    struct control_service r = {0};
    size_t length;
    int status = client_ask(request, name, 0, &r, sizeof(r), &length);

    if (status != 0)
        return client_complain(name, status);
    if (is_as_asked(request, &r))
        return SVC_DONE;
    warnx("%s: %s: %s", name, r.state, r.reason);
    return SVC_FAILED;
}

static int
stop_all(void)
{
    size_t length;
    int status = client_ask(CONTROL_POWER_OFF, "", 0, NULL, 0, &length);

    return status ? client_complain("stop --all", status) : SVC_DONE;
}

/* ---- Commands ---- */

static int
each_name(int argc, char **argv, int (*act)(const char *name))
{
    int end = SVC_DONE;

    if (argc < 2)
        prog_usage(usage);
    for (int i = 1; i < argc; i++) {
        int one = act(argv[i]);
        end = one ? one : end;
    }
    return end;
}

static int
run_change(uint16_t request, int argc, char **argv)
{
    int end = SVC_DONE;

    if (argc < 2)
        prog_usage(usage);
    for (int i = 1; i < argc; i++) {
        int one = change(request, argv[i]);
        end = one ? one : end;
    }
    return end;
}

static int
run_log(int argc, char **argv)
{
    unsigned long lines = 20;
    bool follow = false;
    int c;

    optind = 1;
    while ((c = prog_option(argc, argv, "fn:", usage)) != -1) {
        if (c == 'f')
            follow = true;
        else
            lines = prog_number(optarg, LONG_MAX);
    }
    if (argc - optind != 1)
        prog_usage(usage);
    return log_show(argv[optind], lines, follow);
}

static int
run_chart(int argc, char **argv)
{
    bool svg = argc == 2 && strcmp(argv[1], "--svg") == 0;

    if (argc > 1 + svg)
        prog_usage(usage);
    return chart_show(svg);
}

/* Runs a command that changes nothing; -1 if there is none of this name. */
static int
run_query(int argc, char **argv)
{
    const char *command = argv[0];

    if (strcmp(command, "status") == 0)
        return each_name(argc, argv, list_status);
    if (strcmp(command, "ping") == 0)
        return each_name(argc, argv, ping_service);
    if (strcmp(command, "log") == 0)
        return run_log(argc, argv);
    if (strcmp(command, "chart") == 0)
        return run_chart(argc, argv);
    if (strcmp(command, "list") == 0 && argc == 1)
        return list_all();
    if (strcmp(command, "tree") == 0 && argc == 1)
        return list_tree();
    return -1;
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        uint16_t request;
    } changes[] = {
        {"start", CONTROL_START},     {"stop", CONTROL_STOP},
        {"restart", CONTROL_RESTART}, {"reload", CONTROL_RELOAD},
        {"enable", CONTROL_ENABLE},   {"disable", CONTROL_DISABLE},
    };
    int end;

    if (argc < 2)
        prog_usage(usage);
    if (argc == 2 && argv[1][0] == '-')
        prog_option(argc, argv, "", usage);
    argc--;
    argv++;
    if (argc == 2 && strcmp(argv[0], "stop") == 0 &&
        strcmp(argv[1], "--all") == 0)
        prog_exit(stop_all());
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        if (strcmp(argv[0], changes[i].name) == 0)
            prog_exit(run_change(changes[i].request, argc, argv));
    end = run_query(argc, argv);
    if (end < 0)
        errx(SVC_USAGE,
             "%s: no such command, or too many operands; "
             "svc --help lists them",
             argv[0]);
    prog_exit(end);
}
