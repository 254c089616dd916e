/* sh, the command interpreter. */
#include "exec.h"
#include "history.h"
#include "jobs.h"
#include "option.h"
#include "parser.h"
#include "shell.h"
#include "source.h"
#include "trap.h"
#include "vars.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: sh [-Cefilux] [SCRIPT [ARG...]]\n"
    "       sh [-Cefilux] -c TEXT [NAME [ARG...]]\n"
    "Run commands from the terminal, a script or TEXT.\n"
    "  -e  end after the first command that fails\n"
    "  -C  > overwrites no file (but >| does)   -f  no file names for * ?\n"
    "  -i  be interactive   -l  read /etc/profile first\n"
    "  -u  an unset variable is an error   -x  print commands\n";

struct shell shell;

void
shell_error(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarnx(format, args);
    va_end(args);
    shell.status = status;
}

void
shell_exit(int status)
{
    shell.status = status;
    trap_exit();
    fflush(stdout);
    _exit(status);
}

/* Runs all of s. An abort ends everything but an interactive shell. */
static void
run(struct source *s, bool is_terminal)
{
    enum parse_result result;

    for (;;) {
        struct arena arena = {0};
        struct node *node = NULL;
        bool keep = false;
        result = parser_read(s, &arena, &node, &keep);
        if (result == PARSE_COMMAND)
            exec_node(node);
        fflush(stdout);
        if (!keep)
            arena_free(&arena);
        if (result == PARSE_END || (result == PARSE_ERROR && !is_terminal))
            return;
        if (is_terminal)
            shell.jump = JUMP_NONE;
        else if (shell.jump != JUMP_NONE)
            return;
    }
}

void
shell_run_text(const char *text, const char *name)
{
    struct source s;

    source_string(&s, text, name);
    run(&s, false);
    source_close(&s);
}

bool
shell_run_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), own;
    struct source s;

    if (fd < 0)
        return false;
    /* Low numbers are for redirections of the script's. */
    own = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (own >= 0) {
        close(fd);
        fd = own;
    }
    source_fd(&s, fd, path);
    shell.status = 0;
    run(&s, false);
    source_close(&s);
    close(fd);
    return true;
}

static void
set_all_params(char **params)
{
    shell.params = params;
    for (shell.count = 0; params[shell.count];)
        shell.count++;
}

static void
run_terminal(void)
{
    struct source s;

    history_load(vars_get("HOME"));
    source_terminal(&s);
    run(&s, true);
    source_close(&s);
    fputs("exit\n", stderr);
}

static void
run_stdin(void)
{
    struct source s;

    source_fd(&s, 0, "sh");
    run(&s, false);
    source_close(&s);
}

static void
read_profile(void)
{
    if (access("/etc/profile", R_OK) == 0)
        shell_run_file("/etc/profile");
    shell.jump = JUMP_NONE;
    shell.status = 0;
}

/* Runs what the terminal, or else the standard input, has to say. */
static void
run_input(bool login)
{
    jobs_init();
    if (login || shell.interactive)
        read_profile();
    if (shell.interactive)
        run_terminal();
    else
        run_stdin();
}

static void
set_defaults(void)
{
    char *here = getcwd(NULL, 0);

    vars_init();
    if (!vars_get("PATH")) {
        vars_set("PATH", "/bin:/sbin");
        vars_export("PATH");
    }
    if (here)
        vars_set("PWD", here);
    free(here);
    shell.pid = getpid();
    shell.name = "sh";
}

int
main(int argc, char **argv)
{
    bool login = argv[0] && argv[0][0] == '-', interactive = false;
    bool has_text = false; /* -c has no argument: "sh -c -- TEXT" is one use */
    const char *text = NULL, *script = NULL;
    int c;

    program_name = "sh";
    set_defaults();
    while ((c = prog_option(argc, argv, "cil" OPTION_LETTERS, usage)) != -1) {
        has_text |= c == 'c';
        login |= c == 'l';
        interactive |= c == 'i';
        if (strchr(OPTION_LETTERS, c))
            option_set((char)c, true);
    }
    argv += optind;
    if (has_text && !(text = *argv++))
        errx(2, "-c needs a text to run");
    shell.interactive =
        !text && !*argv && (interactive || (isatty(0) && isatty(2)));
    if (*argv) {
        shell.name = *argv++;
        script = text ? NULL : shell.name;
    }
    set_all_params(argv);
    trap_init();
    if (text) {
        shell_run_text(text, "sh");
    } else if (script) {
        if (!shell_run_file(script))
            err(errno == ENOENT ? 127 : 126, "%s", script);
    } else {
        run_input(login);
    }
    shell_exit(shell.status);
}
