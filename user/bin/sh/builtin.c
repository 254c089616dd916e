#include "builtin.h"
#include "builtin_list.h"
#include "shell.h"
#include <stdio.h>
#include <string.h>
#include <testexpr.h>

static int
succeed(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static int
fail(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}

static const struct {
    const char *name;
    builtin_function *run;
    const char *help;
} builtins[] = {
    {".", builtin_dot, ". FILE: run the commands of FILE here"},
    {":", succeed, ": do nothing"},
    {"[", test_main, "[ EXPRESSION ]: as test"},
    {"bg", builtin_bg, "bg [%N]: go on with a stopped job in the background"},
    {"break", builtin_break, "break [N]: leave N loops"},
    {"cd", builtin_cd, "cd [DIR|-]: change the working directory"},
    {"continue", builtin_break, "continue [N]: start the next round"},
    {"echo", builtin_echo, "echo [-n] [-e] [TEXT...]: print text"},
    {"eval", builtin_eval, "eval TEXT...: run text as a command"},
    {"exec", builtin_exec, "exec [COMMAND...]: become another program"},
    {"exit", builtin_exit, "exit [N]: end the shell"},
    {"export", builtin_export, "export [NAME[=VALUE]...]: pass to programs"},
    {"false", fail, "false: fail"},
    {"fg", builtin_fg, "fg [%N]: take a job to the foreground"},
    {"help", builtin_help, "help: list the builtin commands"},
    {"history", builtin_history, "history: list the lines typed so far"},
    {"jobs", builtin_jobs, "jobs: list jobs"},
    {"kill", builtin_kill, "kill [-SIGNAL] PID|%N...: send a signal"},
    {"pwd", builtin_pwd, "pwd: print the working directory"},
    {"read", builtin_read, "read [-r] [-p PROMPT] NAME...: read a line"},
    {"return", builtin_return, "return [N]: leave a function"},
    {"set", builtin_set,
     "set [-Cefux] [-o NAME] [--] [ARG...]: options, parameters"},
    {"shift", builtin_shift, "shift [N]: drop the first N parameters"},
    {"source", builtin_dot, "source FILE: as ."},
    {"test", test_main, "test EXPRESSION: compare, look at files"},
    {"trap", builtin_trap,
     "trap [COMMANDS|-] SIGNAL|EXIT...: what to do when a signal comes"},
    {"true", succeed, "true: succeed"},
    {"type", builtin_type, "type NAME...: say what NAME would run"},
    {"umask", builtin_umask, "umask [-S] [MODE]: permissions new files lack"},
    {"unset", builtin_unset, "unset NAME...: forget variables"},
    {"wait", builtin_wait, "wait [PID|%N]: wait for background jobs"},
};

builtin_function *
builtin_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
        if (strcmp(builtins[i].name, name) == 0)
            return builtins[i].run;
    return NULL;
}

const char *
builtin_name(size_t i)
{
    return i < ARRAY_LEN(builtins) ? builtins[i].name : NULL;
}

int
builtin_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
        puts(builtins[i].help);
    puts("Programs are in /bin; most explain themselves with -h.");
    return 0;
}
