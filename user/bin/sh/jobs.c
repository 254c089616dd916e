#include "jobs.h"
#include "shell.h"
#include "text.h"
#include "trap.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct process {
    struct process *next; /* an earlier one of the job */
    pid_t pid;
    int status; /* as wait4 gave it */
    bool ended, stopped;
};

struct job {
    struct job *next;
    int number;
    bool background;
    bool control; /* has a process group of its own */
    pid_t group;
    bool has_modes; /* it was stopped, and left the terminal like this: */
    struct termios modes;
    struct process *last;
    char *text;
};

static struct job *jobs; /* latest first */

/* The terminal as the last job left it that ended well: what the shell goes
 * back to after one that was stopped, or ended by a signal. */
static struct termios shell_modes;

static const int job_signals[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

static void
set_signals(sighandler_t handler)
{
    for (size_t i = 0; i < ARRAY_LEN(job_signals); i++)
        signal(job_signals[i], handler);
}

void
jobs_init(void)
{
    if (!shell.interactive)
        return;
    set_signals(SIG_IGN);
    trap_init();
    setpgid(0, 0);
    shell.job_control =
        tcsetpgrp(0, getpgrp()) == 0 && tcgetattr(0, &shell_modes) == 0;
}

struct job *
jobs_new(const char *text, bool background)
{
    struct job *job = xmalloc(sizeof(*job));

    *job = (struct job){
        .next = jobs,
        .number = jobs ? jobs->number + 1 : 1,
        .background = background,
        .control = shell.job_control,
        .text = xstrdup(text ? text : "?"),
    };
    jobs = job;
    return job;
}

static void
forget(struct job *job)
{
    struct job **link = &jobs;

    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    while (job->last) {
        struct process *next = job->last->next;
        free(job->last);
        job->last = next;
    }
    free(job->text);
    free(job);
}

/* In the child: its group, the terminal, and signals as programs expect. */
static void
become_child(struct job *job)
{
    if (job->control) {
        setpgid(0, job->group);
        if (!job->background)
            tcsetpgrp(0, getpgrp());
    }
    if (shell.interactive)
        set_signals(SIG_DFL);
    trap_forget();
    if (job->background && !job->control) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
    }
    shell.interactive = shell.job_control = false;
    /* The jobs are the parent's children, not this process's. */
    jobs = NULL;
}

pid_t
jobs_fork(struct job *job)
{
    struct process *p;
    sigset_t all, old;
    pid_t pid;

    fflush(stdout);
    /* What is sent to the child must not meet this shell's traps. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid == 0)
        become_child(job);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (pid <= 0)
        return pid;
    if (!job->group)
        job->group = pid;
    /* Parent and child both do this, so that neither depends on the other
     * having run first. */
    if (job->control) {
        setpgid(pid, job->group);
        if (!job->background)
            tcsetpgrp(0, job->group);
    }
    p = xmalloc(sizeof(*p));
    *p = (struct process){.next = job->last, .pid = pid};
    job->last = p;
    return pid;
}

static void
note(pid_t pid, int status)
{
    for (struct job *job = jobs; job; job = job->next)
        for (struct process *p = job->last; p; p = p->next)
            if (p->pid == pid) {
                p->status = status;
                p->stopped = WIFSTOPPED(status);
                p->ended = !p->stopped;
                return;
            }
}

static bool
has_ended(const struct job *job)
{
    for (struct process *p = job->last; p; p = p->next)
        if (!p->ended)
            return false;
    return true;
}

static bool
has_stopped(const struct job *job)
{
    bool stopped = false;

    for (struct process *p = job->last; p; p = p->next) {
        if (!p->ended && !p->stopped)
            return false;
        stopped |= p->stopped;
    }
    return stopped;
}

/* Waits for any child to change; false if there is none. */
static bool
wait_once(int options)
{
    int status;
    /* Without job control, who is stopped is waited for until it goes on. */
    int stops = shell.job_control ? WUNTRACED : 0;
    pid_t pid = waitpid(-1, &status, stops | options);

    if (pid > 0)
        note(pid, status);
    return pid > 0 || (pid < 0 && errno == EINTR);
}

static int
exit_status(const struct job *job)
{
    int status = job->last ? job->last->status : 0;

    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    return 128 + (WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status));
}

/* Tells the user, after job ended in the foreground by a signal. */
static void
report_signal(const struct job *job)
{
    int status = job->last ? job->last->status : 0;

    if (!WIFSIGNALED(status))
        return;
    if (WTERMSIG(status) == SIGINT) {
        if (shell.interactive) {
            fputc('\n', stderr);
            shell.jump = JUMP_ABORT;
        }
    } else if (WTERMSIG(status) != SIGPIPE) {
        fprintf(stderr, "%s%s\n", strsignal(WTERMSIG(status)),
                WCOREDUMP(status) ? " (core dumped)" : "");
    }
}

/* The terminal is the shell's again. */
static void
take_terminal(struct job *job)
{
    bool well = has_ended(job) && WIFEXITED(job->last->status);

    tcsetpgrp(0, getpgrp());
    if (well) {
        tcgetattr(0, &shell_modes);
        return;
    }
    job->has_modes = !has_ended(job) && tcgetattr(0, &job->modes) == 0;
    tcsetattr(0, TCSADRAIN, &shell_modes);
}

int
jobs_wait(struct job *job)
{
    int status;

    while (!has_ended(job) && !has_stopped(job))
        if (!wait_once(0))
            break;
    if (job->control && !job->background && job->last)
        take_terminal(job);
    status = exit_status(job);
    if (has_stopped(job)) {
        fprintf(stderr, "\n[%d] stopped    %s\n", job->number, job->text);
        job->background = true;
        return status;
    }
    report_signal(job);
    forget(job);
    return status;
}

void
jobs_poll(void)
{
    while (jobs && wait_once(WNOHANG))
        ;
}

/* How a job fares, in a word or two. */
static const char *
state_of(const struct job *job)
{
    static char text[32];
    int status = job->last ? job->last->status : 0;

    if (!has_ended(job))
        return has_stopped(job) ? "stopped" : "running";
    if (WIFSIGNALED(status))
        return strsignal(WTERMSIG(status));
    if (status == 0)
        return "done";
    snprintf(text, sizeof(text), "done (%d)", WEXITSTATUS(status));
    return text;
}

void
jobs_report(void)
{
    struct job *job, *next;

    jobs_poll();
    for (job = jobs; job; job = next) {
        next = job->next;
        if (!has_ended(job))
            continue;
        if (shell.interactive)
            fprintf(stderr, "[%d] %s    %s\n", job->number, state_of(job),
                    job->text);
        forget(job);
    }
}

/* As wait_once, for the wait of a script, which a trap ends: false then. All
 * signals are blocked but while it sleeps, so that none slips through between
 * the look and the sleep. */
static bool
wait_for_child_or_trap(void)
{
    sigset_t all, old;
    int status;
    pid_t pid = -1;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    while (!trap_noted() &&
           (pid = waitpid(-1, &status, WUNTRACED | WNOHANG)) == 0)
        sigsuspend(&old);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (pid > 0)
        note(pid, status);
    return pid > 0;
}

/* Returns the job's status, or, if a trap came first, that signal's. */
static int
wait_background(struct job *job)
{
    int status;

    while (!has_ended(job))
        if (!wait_for_child_or_trap())
            break;
    if (!has_ended(job) && trap_noted())
        return 128 + trap_noted();
    status = exit_status(job);
    forget(job);
    return status;
}

int
jobs_wait_all(void)
{
    struct job *job, *next;

    for (job = jobs; job; job = next) {
        next = job->next;
        if (!has_stopped(job))
            wait_background(job);
        if (trap_noted())
            return 128 + trap_noted();
    }
    return 0;
}

int
jobs_wait_pid(pid_t pid)
{
    for (struct job *job = jobs; job; job = job->next)
        for (struct process *p = job->last; p; p = p->next)
            if (p->pid == pid)
                return wait_background(job);
    return 127;
}

void
jobs_print(void)
{
    struct job *job, *next;

    jobs_poll();
    for (job = jobs; job; job = next) {
        next = job->next;
        printf("[%d] %s    %s\n", job->number, state_of(job), job->text);
        if (has_ended(job))
            forget(job);
    }
}

struct job *
jobs_find(const char *spec)
{
    struct job *job = jobs;
    int number;

    if (spec && *spec == '%')
        spec++;
    if (!spec || !*spec || strcmp(spec, "%") == 0 || strcmp(spec, "+") == 0)
        return job;
    number = atoi(spec);
    while (job && job->number != number)
        job = job->next;
    return job;
}

int
jobs_number(const struct job *job)
{
    return job->number;
}

pid_t
jobs_group(const struct job *job)
{
    return job->control ? -job->group : job->group;
}

int
jobs_continue(struct job *job, bool foreground)
{
    for (struct process *p = job->last; p; p = p->next)
        p->stopped = false;
    job->background = !foreground;
    fprintf(stderr, "[%d] %s\n", job->number, job->text);
    if (foreground && job->control) {
        tcsetpgrp(0, job->group);
        if (job->has_modes)
            tcsetattr(0, TCSADRAIN, &job->modes);
    }
    kill(jobs_group(job), SIGCONT);
    return foreground ? jobs_wait(job) : 0;
}
