#include "builtin_list.h"
#include "exec.h"
#include "function.h"
#include "history.h"
#include "shell.h"
#include "text.h"
#include "vars.h"
#include <ctype.h>
#include <errno.h>
#include <echo.h>
#include <mode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
builtin_echo(int argc, char **argv)
{
    return echo_main(argc, argv);
}

int
builtin_cd(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : vars_get("HOME");
    bool back = argc > 1 && strcmp(argv[1], "-") == 0;
    char *here;

    if (back)
        dir = vars_get("OLDPWD");
    if (!dir) {
        shell_error(1, "cd: %s is not set", back ? "OLDPWD" : "HOME");
        return 1;
    }
    if (chdir(dir) != 0) {
        shell_error(1, "cd: %s: %s", dir, strerror(errno));
        return 1;
    }
    if (back)
        puts(dir);
    vars_set("OLDPWD", vars_get("PWD") ? vars_get("PWD") : "/");
    here = getcwd(NULL, 0);
    if (here)
        vars_set("PWD", here);
    free(here);
    return 0;
}

int
builtin_pwd(int argc, char **argv)
{
    char *here = getcwd(NULL, 0);

    (void)argc;
    (void)argv;
    if (!here) {
        shell_error(1, "pwd: %s", strerror(errno));
        return 1;
    }
    puts(here);
    free(here);
    return 0;
}

/* What a mask leaves to user, group and others, as "u=rwx,g=rx,o=". */
static void
print_symbolic(mode_t mask)
{
    for (int i = 0; i < 3; i++) {
        mode_t may = ~mask >> (6 - 3 * i);
        printf("%c=%s%s%s%s", "ugo"[i], may & 4 ? "r" : "", may & 2 ? "w" : "",
               may & 1 ? "x" : "", i < 2 ? "," : "\n");
    }
}

int
builtin_umask(int argc, char **argv)
{
    bool symbolic = argc > 1 && strcmp(argv[1], "-S") == 0;
    const char *text = argv[1 + symbolic];
    mode_t mask = umask(0), mode = 0;

    umask(mask);
    if (!text) {
        if (symbolic)
            print_symbolic(mask);
        else
            printf("%04o\n", mask);
        return 0;
    }
    /* A number says what new files lack, letters what they may have. */
    if (!mode_parse(text, ~mask & 0777, false, 0, &mode) || mode > 0777) {
        shell_error(1, "umask: %s: not a mode", text);
        return 1;
    }
    umask(isdigit(*text) ? mode : ~mode & 0777);
    return 0;
}

int
builtin_history(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; history_line(i); i++)
        printf("%4zu  %s\n", i + 1, history_line(i));
    return 0;
}

int
builtin_type(int argc, char **argv)
{
    int status = 0;

    for (int i = 1; i < argc; i++) {
        char *path = NULL;
        if (function_find(argv[i])) {
            printf("%s is a function\n", argv[i]);
        } else if (builtin_find(argv[i])) {
            printf("%s is a shell builtin\n", argv[i]);
        } else if ((path = exec_find(argv[i])) && access(path, F_OK) == 0) {
            printf("%s is %s\n", argv[i], path);
        } else {
            shell_error(1, "type: %s: not found", argv[i]);
            status = 1;
        }
        free(path);
    }
    return status;
}

/* Reads a line byte by byte: what follows it belongs to other programs.
 * False at the end of the input. */
static bool
read_line(struct text *line, bool raw)
{
    char c;

    text_put(line, "");
    while (read(0, &c, 1) == 1) {
        if (c == '\n')
            return true;
        if (c == '\\' && !raw) {
            if (read(0, &c, 1) != 1)
                return false;
            if (c == '\n')
                continue;
        }
        text_char(line, c);
    }
    return false;
}

/* Cuts the next field off *rest; the last variable gets all that is left. */
static char *
next_field(char **rest, bool is_last)
{
    char *start = *rest + strspn(*rest, " \t"), *end;

    if (is_last) {
        end = start + strlen(start);
        while (end > start && isspace(end[-1]))
            end--;
        *rest = end;
    } else {
        end = start + strcspn(start, " \t");
        *rest = *end ? end + 1 : end;
    }
    *end = '\0';
    return start;
}

int
builtin_read(int argc, char **argv)
{
    struct text line = {0};
    bool raw = false, got;
    char *rest;
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++)
        if (strcmp(argv[i], "-r") == 0)
            raw = true;
        else if (strcmp(argv[i], "-p") == 0 && i + 1 < argc)
            fputs(argv[++i], stderr);
    got = read_line(&line, raw);
    rest = line.bytes;
    if (i == argc)
        vars_set("REPLY", line.bytes);
    for (; i < argc; i++)
        vars_set(argv[i], next_field(&rest, i == argc - 1));
    text_free(&line);
    return !got;
}
