#include "exec.h"
#include "builtin.h"
#include "expand.h"
#include "function.h"
#include "jobs.h"
#include "loop.h"
#include "redir.h"
#include "shell.h"
#include "text.h"
#include "trap.h"
#include "vars.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
assign(const struct word *w, bool export)
{
    for (; w && shell.jump != JUMP_ABORT; w = w->next) {
        size_t n = vars_assignment_length(w->raw);
        char *name = strndup(w->raw, n), *value = expand_string(w->raw + n + 1);
        vars_set(name, value);
        if (export)
            vars_export(name);
        free(name);
        free(value);
    }
}

static void
trace(const struct strings *args)
{
    if (!shell.option_x)
        return;
    fputc('+', stderr);
    for (size_t i = 0; i < args->count; i++)
        fprintf(stderr, " %s", args->items[i]);
    fputc('\n', stderr);
}

/* In a child that does nothing else: redirects and becomes the program. */
static NORETURN void
become_program(const struct node *n, char **argv)
{
    if (!redir_apply(n->redirs, NULL))
        shell_exit(1);
    assign(n->assignments, true);
    exec_program(argv);
}

static void
exec_external(const struct node *n, char **argv)
{
    struct job *job = jobs_new(n->text ? n->text : argv[0], false);
    pid_t pid = jobs_fork(job);

    if (pid == 0)
        become_program(n, argv);
    if (pid < 0)
        shell_error(1, "fork: %s", strerror(errno));
    shell.status = pid < 0 ? (jobs_wait(job), 1) : jobs_wait(job);
}

/* Runs a builtin or function in this process, its redirections undone. */
static void
exec_inside(const struct node *n, struct strings *args)
{
    builtin_function *builtin = builtin_find(args->items[0]);
    struct node *function = function_find(args->items[0]);
    struct redir_saved saved;
    bool lasting = strcmp(args->items[0], "exec") == 0;

    if (!redir_apply(n->redirs, lasting ? NULL : &saved)) {
        shell.status = 1;
    } else {
        assign(n->assignments, false);
        if (function)
            function_call(function, args);
        else
            shell.status = builtin((int)args->count, args->items);
    }
    if (!lasting)
        redir_restore(&saved);
}

/* A command of redirections or assignments only. */
static void
exec_empty(const struct node *n)
{
    struct redir_saved saved;
    bool good;

    good = redir_apply(n->redirs, &saved);
    redir_restore(&saved);
    assign(n->assignments, false);
    if (!good || shell.jump == JUMP_ABORT)
        shell.status = 1;
    else if (!shell.substituted)
        shell.status = 0;
}

static void
exec_simple(const struct node *n, bool in_child)
{
    struct strings args = {0};

    /* $? is still the last command's while words are expanded. Without a
     * command it is then that of the last one in a word, if any. */
    shell.substituted = false;
    expand_words(n->words, &args);
    if (shell.jump == JUMP_ABORT) {
        shell.status = shell.status ? shell.status : 1;
    } else if (args.count == 0) {
        exec_empty(n);
    } else {
        trace(&args);
        if (builtin_find(args.items[0]) || function_find(args.items[0]))
            exec_inside(n, &args);
        else if (in_child)
            become_program(n, args.items);
        else
            exec_external(n, args.items);
    }
    strings_free(&args);
}

/* In a child: runs n and ends with its status. For ( ) it is itself what they
 * ask for. */
static NORETURN void
exec_child(struct node *n)
{
    if (n->kind == NODE_SUBSHELL && !redir_apply(n->redirs, NULL))
        shell_exit(1);
    if (n->kind == NODE_SUBSHELL)
        exec_node(n->a);
    else if (n->kind == NODE_SIMPLE)
        exec_simple(n, true);
    else
        exec_node(n);
    shell_exit(shell.status);
}

/* Starts one command of a pipeline, reading from in. Returns the end to read
 * its output from, or -1 for the last one. */
static int
start_command(struct job *job, struct node *n, int in, bool is_last)
{
    int fds[2] = {-1, -1};
    pid_t pid;

    if (!is_last && pipe(fds) != 0) {
        shell_error(1, "pipe: %s", strerror(errno));
        return -1;
    }
    pid = jobs_fork(job);
    if (pid == 0) {
        if (in >= 0) {
            dup2(in, 0);
            close(in);
        }
        if (!is_last) {
            close(fds[0]);
            dup2(fds[1], 1);
            close(fds[1]);
        }
        exec_child(n);
    }
    if (pid < 0)
        shell_error(1, "fork: %s", strerror(errno));
    if (in >= 0)
        close(in);
    if (!is_last)
        close(fds[1]);
    return fds[0];
}

static void
exec_pipe(struct node *n)
{
    struct job *job = jobs_new(n->text, false);
    int in = -1;

    for (; n; n = n->kind == NODE_PIPE ? n->b : NULL) {
        bool is_last = n->kind != NODE_PIPE;
        in = start_command(job, is_last ? n : n->a, in, is_last);
        if (in < 0)
            break;
    }
    shell.status = jobs_wait(job);
}

static void
exec_async(struct node *n)
{
    struct job *job = jobs_new(n->text, true);
    pid_t pid = jobs_fork(job);

    if (pid == 0)
        exec_child(n->a);
    shell.status = 0;
    if (pid < 0) {
        shell_error(1, "fork: %s", strerror(errno));
        jobs_wait(job);
        return;
    }
    shell.background = pid;
    if (shell.interactive)
        fprintf(stderr, "[%d] %d\n", jobs_number(job), (int)pid);
}

static void
exec_subshell(struct node *n)
{
    struct job *job = jobs_new(n->text ? n->text : "( )", false);
    pid_t pid = jobs_fork(job);

    if (pid == 0) {
        exec_node(n->a);
        shell_exit(shell.status);
    }
    if (pid < 0)
        shell_error(1, "fork: %s", strerror(errno));
    shell.status = jobs_wait(job);
}

bool
exec_condition(struct node *n)
{
    shell.unchecked++;
    exec_node(n);
    shell.unchecked--;
    return shell.status == 0 && shell.jump == JUMP_NONE;
}

static void
exec_case(struct node *n)
{
    char *subject = expand_string(n->name);

    shell.status = 0;
    for (struct case_item *item = n->items; item; item = item->next)
        for (struct word *w = item->patterns; w; w = w->next) {
            char *pattern = expand_pattern(w->raw);
            bool matches = fnmatch(pattern, subject, 0) == 0;
            free(pattern);
            if (!matches)
                continue;
            free(subject);
            exec_node(item->body);
            return;
        }
    free(subject);
}

static void
exec_if(struct node *n)
{
    if (exec_condition(n->a))
        exec_node(n->b);
    else if (shell.jump == JUMP_NONE) {
        shell.status = 0;
        exec_node(n->c);
    }
}

/* Runs what is built of other commands. */
static void
exec_compound(struct node *n)
{
    switch (n->kind) {
    case NODE_AND:
        if (exec_condition(n->a))
            exec_node(n->b);
        return;
    case NODE_OR:
        if (!exec_condition(n->a) && shell.jump == JUMP_NONE)
            exec_node(n->b);
        return;
    case NODE_NOT:
        shell.status = exec_condition(n->a) ? 1 : 0;
        return;
    case NODE_LIST:
        exec_node(n->a);
        if (shell.jump == JUMP_NONE)
            exec_node(n->b);
        return;
    case NODE_IF:
        exec_if(n);
        return;
    case NODE_WHILE:
    case NODE_UNTIL:
        loop_while(n);
        return;
    case NODE_FOR:
        loop_for(n);
        return;
    case NODE_CASE:
        exec_case(n);
        return;
    case NODE_GROUP:
        exec_node(n->a);
        return;
    case NODE_SUBSHELL:
        exec_subshell(n);
        return;
    default:
        function_define(n->name, n->a);
        shell.status = 0;
        return;
    }
}

static void
exec_redirected(struct node *n)
{
    struct redir_saved saved;

    if (!n->redirs) {
        exec_compound(n);
        return;
    }
    if (redir_apply(n->redirs, &saved))
        exec_compound(n);
    else
        shell.status = 1;
    redir_restore(&saved);
}

/* Whether n's own failure is what set -e is about. */
static bool
is_checked(const struct node *n)
{
    return n->kind == NODE_SIMPLE || n->kind == NODE_PIPE ||
           n->kind == NODE_SUBSHELL;
}

void
exec_node(struct node *n)
{
    if (!n)
        return;
    if (n->kind == NODE_SIMPLE)
        exec_simple(n, false);
    else if (n->kind == NODE_PIPE)
        exec_pipe(n);
    else if (n->kind == NODE_ASYNC)
        exec_async(n);
    else
        exec_redirected(n);
    trap_check();
    if (shell.option_e && shell.status != 0 && !shell.unchecked &&
        is_checked(n) && !shell.interactive)
        shell_exit(shell.status);
}
