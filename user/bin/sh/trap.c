#include "trap.h"
#include "builtin_list.h"
#include "shell.h"
#include "text.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What to do about each signal, and, as number 0, at the end: NULL for nothing
 * in particular, "" to ignore it. */
static char *trap_commands[NSIG + 1];
static volatile bool noted[NSIG + 1];
static volatile bool any_noted;

static void
note_signal(int number)
{
    noted[number] = any_noted = true;
}

/* Calls that are under way go on: a child is still waited for. */
static void
set_handler(int number, sighandler_t handler)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigaction(number, &action, NULL);
}

static void
do_nothing(int number)
{
    (void)number;
}

/* How the shell takes a signal of which the user says nothing. */
static sighandler_t
own_handler(int number)
{
    if (number == SIGINT && shell.interactive)
        return note_signal;
    return number == SIGCHLD ? do_nothing : SIG_DFL;
}

void
trap_init(void)
{
    set_handler(SIGCHLD, do_nothing);
    if (shell.interactive)
        set_handler(SIGINT, note_signal);
}

int
trap_noted(void)
{
    for (int i = 1; any_noted && i <= NSIG; i++)
        if (noted[i])
            return i;
    return 0;
}

static void
run_trap(int number)
{
    int status = shell.status;
    char *text = xstrdup(trap_commands[number]);

    shell_run_text(text, "trap");
    free(text);
    shell.status = status;
}

static void
do_trap(int number)
{
    noted[number] = false;
    if (trap_commands[number]) {
        run_trap(number);
    } else if (number == SIGINT && shell.interactive) {
        shell.jump = JUMP_ABORT;
        shell.status = 128 + SIGINT;
    }
}

void
trap_check(void)
{
    while (any_noted) {
        any_noted = false; /* first: what comes from here on sets it again */
        for (int i = 1; i <= NSIG; i++)
            if (noted[i])
                do_trap(i);
    }
}

void
trap_exit(void)
{
    char *text = trap_commands[0];

    trap_commands[0] = NULL;
    if (text) {
        shell.jump = JUMP_NONE;
        shell_run_text(text, "trap");
    }
}

void
trap_forget(void)
{
    for (int i = 0; i <= NSIG; i++) {
        noted[i] = false;
        if (!trap_commands[i] || (i > 0 && !*trap_commands[i]))
            continue;
        if (i > 0)
            set_handler(i, SIG_DFL);
        free(trap_commands[i]);
        trap_commands[i] = NULL;
    }
    any_noted = false;
}

/* ---- trap ---- */

static void
print_traps(void)
{
    for (int i = 0; i <= NSIG; i++) {
        const char *name = i > 0 ? signal_name(i) : "EXIT";
        if (trap_commands[i] && name)
            printf("trap -- '%s' %s\n", trap_commands[i], name);
        else if (trap_commands[i])
            printf("trap -- '%s' %d\n", trap_commands[i], i);
    }
}

static void
set_trap(int number, const char *command)
{
    sighandler_t handler = own_handler(number);

    free(trap_commands[number]);
    trap_commands[number] = command ? xstrdup(command) : NULL;
    if (command)
        handler = *command ? note_signal : SIG_IGN;
    if (number > 0)
        set_handler(number, handler);
}

int
builtin_trap(int argc, char **argv)
{
    int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1, status = 0;
    const char *command = argv[first];

    if (argc <= first) {
        print_traps();
        return 0;
    }
    /* A number where the commands would be: they all go back. */
    if (strcmp(command, "-") == 0)
        command = NULL;
    else if (strspn(command, "0123456789") == strlen(command) && *command)
        command = NULL, first--;
    for (int i = first + 1; i < argc; i++) {
        bool is_exit = strcmp(argv[i], "EXIT") == 0;
        int number = is_exit ? 0 : signal_number(argv[i]);
        if (number < 0 || number == SIGKILL || number == SIGSTOP) {
            shell_error(1, "trap: %s: not a signal to be caught", argv[i]);
            status = 1;
        } else {
            set_trap(number, command);
        }
    }
    return status;
}
