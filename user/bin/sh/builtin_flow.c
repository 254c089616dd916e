#include "builtin_list.h"
#include "exec.h"
#include "shell.h"
#include "text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
builtin_exit(int argc, char **argv)
{
    shell_exit(argc > 1 ? atoi(argv[1]) : shell.status);
}

int
builtin_return(int argc, char **argv)
{
    shell.jump = JUMP_RETURN;
    return argc > 1 ? atoi(argv[1]) : shell.status;
}

int
builtin_break(int argc, char **argv)
{
    int levels = argc > 1 ? atoi(argv[1]) : 1;

    if (shell.loops == 0) {
        shell_error(1, "%s: not in a loop", argv[0]);
        return 1;
    }
    shell.jump = argv[0][0] == 'b' ? JUMP_BREAK : JUMP_CONTINUE;
    shell.jump_levels = levels > shell.loops ? shell.loops : levels;
    return 0;
}

int
builtin_eval(int argc, char **argv)
{
    struct text text = {0};

    for (int i = 1; i < argc; i++) {
        text_put(&text, argv[i]);
        text_char(&text, ' ');
    }
    shell.status = 0;
    if (argc > 1)
        shell_run_text(text.bytes, "eval");
    text_free(&text);
    return shell.status;
}

int
builtin_dot(int argc, char **argv)
{
    if (argc < 2) {
        shell_error(2, "%s: a file name is needed", argv[0]);
        return 2;
    }
    if (!shell_run_file(argv[1])) {
        shell_error(1, "%s: %s", argv[1], strerror(errno));
        return 1;
    }
    if (shell.jump == JUMP_RETURN)
        shell.jump = JUMP_NONE;
    return shell.status;
}

int
builtin_exec(int argc, char **argv)
{
    if (argc > 1)
        exec_program(argv + 1);
    return 0;
}
