/* trace: what the kernel does, while a program runs or until it is stopped. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <prog.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <trace.h>
#include <unistd.h>

static const char usage[] =
    "usage: trace [-e EVENTS] [-o FILE] [PROGRAM [ARG...]]\n"
    "Print what the kernel does while PROGRAM runs, or until Ctrl-C: time,\n"
    "hart, thread, event, fields. For root.\n"
    "  -e  groups or events, as virtq,blk.done; if not given, all but irq\n"
    "  -o  write the stream as it is to FILE, or /dev/hvc0\n";

static volatile bool stopped;
static pid_t child;

static void
stop(int number)
{
    (void)number;
    stopped = true;
}

/* Whether to go on. */
static bool
goes_on(void)
{
    if (child > 0 && waitpid(child, NULL, WNOHANG) == child)
        return false;
    return !stopped;
}

static void
start(char **argv)
{
    if (!*argv)
        return;
    child = fork();
    if (child < 0)
        err(1, "fork");
    if (child == 0) {
        execvp(*argv, argv);
        err(errno == ENOENT ? 127 : 126, "%s", *argv);
    }
}

/* ---- As text ---- */

static void
print_all(const struct trace *trace)
{
    static uint64_t first;
    for (unsigned i = 0; i < trace->nrecords; i++) {
        const struct trace_record *r = trace->records[i];
        char fields[256];
        if (first == 0)
            first = r->time;
        uint64_t us = (r->time - first) * 1000000 / trace->timebase_hz;
        trace_format(trace, r, fields, sizeof(fields));
        printf("%4lu.%06lu %u %5d %-13s %s\n", us / 1000000, us % 1000000,
               r->hart, r->tid, trace->events[r->event].name, fields);
    }
    fflush(stdout);
}

static void
show(const char *words, char **argv)
{
    struct trace trace;
    if (trace_open(&trace) != 0)
        err(1, "/dev/trace");
    if (trace_switch(&trace, words) != 0)
        err(1, "%s", words);
    start(argv);
    while (goes_on())
        if (trace_collect(&trace, 50) > 0)
            print_all(&trace);
    trace_switch(&trace, "-all");
    while (trace_collect(&trace, 0) > 0)
        print_all(&trace);
    trace_close(&trace);
}

/* ---- As it is ---- */

/* Moves what there is. Returns false at an error. */
static bool
move(int from, int to)
{
    static char buffer[65536];
    ssize_t n;
    while ((n = read(from, buffer, sizeof(buffer))) > 0)
        for (ssize_t done = 0, put; done < n; done += put)
            if ((put = write(to, buffer + done, (size_t)(n - done))) < 0)
                return false;
    return n == 0 || errno == EAGAIN || errno == EINTR;
}

static void
save(const char *words, const char *path, char **argv)
{
    int from = open("/dev/trace", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (from < 0)
        err(1, "/dev/trace");
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (to < 0)
        err(1, "%s", path);
    if (write(from, words, strlen(words)) < 0)
        err(1, "%s", words);
    start(argv);
    struct pollfd wait = {.fd = from, .events = POLLIN};
    while (goes_on())
        if (poll(&wait, 1, 50) > 0 && !move(from, to))
            err(1, "%s", path);
    if (write(from, "-all", 4) < 0 || !move(from, to))
        err(1, "%s", path);
}

int
main(int argc, char **argv)
{
    const char *words = "+all -irq", *path = NULL;
    int option;
    while ((option = prog_option(argc, argv, "e:o:", usage)) != -1)
        if (option == 'e')
            words = optarg;
        else
            path = optarg;
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (path)
        save(words, path, argv + optind);
    else
        show(words, argv + optind);
    return 0;
}
