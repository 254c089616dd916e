/* strace: the system calls of a program, with their arguments and results. */
#include "strace.h"
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <prog.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/wait.h>
#include <trace.h>
#include <unistd.h>

static const char usage[] =
    "usage: strace [-f] [-e CALLS] [-o FILE] [-p PID | PROGRAM [ARG...]]\n"
    "Print the system calls of PROGRAM, or of process PID until Ctrl-C, on\n"
    "standard error. For root.\n"
    "  -e  only these, as openat,read\n"
    "  -f  of its children, too\n"
    "  -o  print to FILE\n";

#define CALLS_MAX   64  /* threads with a call going on */
#define FOLLOW_MAX  512 /* processes that are followed */
#define NUMBERS_MAX 512
#define EXECVE      221

static struct trace trace;
static int on_enter, on_text, on_data, on_leave, on_fork,
    on_end; /* numbers of events */
static struct call going[CALLS_MAX];
static uint32_t followed[FOLLOW_MAX];
static unsigned nfollowed;
static bool began; /* the program: what comes before its execve is ours */
static bool follows, only[NUMBERS_MAX], has_only;
static volatile bool stopped;
static FILE *out;

static void
stop(int number)
{
    (void)number;
    stopped = true;
}

/* ---- Whose calls ---- */

static bool
is_followed(uint32_t pid)
{
    for (unsigned i = 0; i < nfollowed; i++)
        if (followed[i] == pid)
            return true;
    return false;
}

static void
follow(uint32_t pid)
{
    if (nfollowed < FOLLOW_MAX && !is_followed(pid))
        followed[nfollowed++] = pid;
}

static struct call *
call_of(int32_t tid)
{
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (going[i].tid == tid)
            return &going[i];
    return NULL;
}

static bool
is_wanted(uint64_t number)
{
    return !has_only || (number < NUMBERS_MAX && only[number]);
}

/* ---- Records ---- */

static void
print_call(const struct call *call, uint32_t pid, const char *result)
{
    char line[2048];
    if (!is_wanted(call->number))
        return;
    call_format(call, line, sizeof(line));
    if (follows)
        fprintf(out, "[%u] ", pid);
    fprintf(out, "%s%s\n", line, result);
}

static void
note_enter(const struct trace_record *r)
{
    struct call *call = call_of(r->tid);
    if (call) /* one that does not return: rt_sigreturn */
        print_call(call, r->pid, " = ?");
    call = call ?: call_of(0);
    began = began || r->words[0] == EXECVE;
    if (!call || !began)
        return;
    memset(call, 0, sizeof(*call));
    call->tid = r->tid;
    call->number = r->words[0];
    memcpy(call->args, r->words + 1, sizeof(call->args));
}

static void
note_text(const struct trace_record *r)
{
    struct call *call = call_of(r->tid);
    uint64_t arg = r->words[0];
    if (!call || (arg >= 6 && arg < 8) || arg >= 8 + ARGV_MAX)
        return;
    char *text = arg < 6 ? call->texts[arg] : call->argv[arg - 8];
    size_t len = strlen(text), n = 3 * 16;
    if (len + n > TEXT_MAX)
        n = TEXT_MAX - len;
    memcpy(text + len, r->words + 1, n);
    if (arg < 6)
        call->has_text |= (uint8_t)(1 << arg);
    else
        call->argc = (unsigned)arg - 7;
}

/* Half of what a structure has: the first, or the second. */
static void
note_data(const struct trace_record *r)
{
    struct call *call = call_of(r->tid);
    uint64_t arg = r->words[0];
    if (!call || arg >= 6)
        return;
    uint8_t bit = (uint8_t)(1 << arg);
    memcpy(call->data[arg] + (call->half & bit ? DATA_MAX / 2 : 0),
           r->words + 1, DATA_MAX / 2);
    if (call->half & bit)
        call->has_data |= bit;
    call->half ^= bit;
}

static void
note_leave(const struct trace_record *r)
{
    struct call *call = call_of(r->tid);
    char result[128];
    if (!call)
        return;
    call->result = (int64_t)r->words[1];
    call->is_over = true;
    result_format(r->words[0], call->result, result, sizeof(result));
    print_call(call, r->pid, result);
    call->tid = 0;
}

static void
note_end(const struct trace_record *r)
{
    struct call *call = call_of(r->tid);
    int status = (int)r->words[0];
    if (call) /* the call that ended it does not return */
        print_call(call, r->pid, " = ?");
    if (call)
        call->tid = 0;
    if (follows)
        fprintf(out, "[%u] ", r->pid);
    if (WIFSIGNALED(status))
        fprintf(out, "+++ killed by SIG%s +++\n",
                signal_name(WTERMSIG(status)) ?: "?");
    else
        fprintf(out, "+++ exited with %d +++\n", WEXITSTATUS(status));
}

static void
note_all(void)
{
    for (unsigned i = 0; i < trace.nrecords; i++) {
        const struct trace_record *r = trace.records[i];
        if (r->event == 0)
            fprintf(out, "... %lu records were lost ...\n", r->words[0]);
        else if (!is_followed(r->pid))
            continue;
        else if (r->event == on_enter)
            note_enter(r);
        else if (r->event == on_text)
            note_text(r);
        else if (r->event == on_data)
            note_data(r);
        else if (r->event == on_leave)
            note_leave(r);
        else if (r->event == on_end)
            note_end(r);
        else if (r->event == on_fork && follows)
            follow((uint32_t)r->words[0]);
    }
    fflush(out);
}

/* ---- Starting and stopping ---- */

/* Starts the program once its calls are traced: it waits for a byte. */
static pid_t
start(char **argv, int go[2])
{
    char byte;
    if (pipe(go) != 0)
        err(1, "pipe");
    pid_t child = fork();
    if (child < 0)
        err(1, "fork");
    if (child > 0)
        return child;
    close(go[1]);
    if (read(go[0], &byte, 1) != 1)
        _exit(1);
    close(go[0]);
    execvp(*argv, argv);
    err(errno == ENOENT ? 127 : 126, "%s", *argv);
}

static void
choose(char *list)
{
    for (char *rest = list, *name; (name = strsep(&rest, ","));) {
        long number = call_number(name);
        if (number < 0 || number >= NUMBERS_MAX)
            errx(2, "there is no system call %s", name);
        only[number] = has_only = true;
    }
}

static void
open_trace(void)
{
    if (trace_open(&trace) != 0)
        err(1, "/dev/trace");
    on_enter = trace_find(&trace, "syscall.enter");
    on_text = trace_find(&trace, "syscall.text");
    on_data = trace_find(&trace, "syscall.data");
    on_leave = trace_find(&trace, "syscall.exit");
    on_fork = trace_find(&trace, "proc.fork");
    on_end = trace_find(&trace, "proc.exit");
    if (trace_switch(&trace, "-all +syscall,proc.fork,proc.exit") != 0)
        err(1, "/dev/trace");
    /* What was recorded before is not ours. */
    while (trace_collect(&trace, 0) > 0)
        ;
}

int
main(int argc, char **argv)
{
    pid_t pid = 0, child = 0;
    int option, status = 0, go[2];
    out = stderr;
    while ((option = prog_option(argc, argv, "e:fo:p:", usage)) != -1)
        if (option == 'e')
            choose(optarg);
        else if (option == 'f')
            follows = true;
        else if (option == 'o')
            out = fopen(optarg, "w") ?: (err(1, "%s", optarg), NULL);
        else
            pid = (pid_t)prog_number(optarg, 1u << 22);
    if ((optind == argc) == (pid == 0))
        prog_usage(usage);
    if (pid == 0)
        pid = child = start(argv + optind, go);
    else if (kill(pid, 0) != 0)
        err(1, "process %d", (int)pid);
    began = !child;
    open_trace();
    follow((uint32_t)pid);
    signal(SIGINT, stop);
    if (child && write(go[1], "", 1) != 1)
        err(1, "pipe");
    while (!stopped && !(child && waitpid(child, &status, WNOHANG) == child) &&
           (child || kill(pid, 0) == 0))
        if (trace_collect(&trace, 50) > 0)
            note_all();
    trace_switch(&trace, "-all");
    while (trace_collect(&trace, 0) > 0)
        note_all();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
