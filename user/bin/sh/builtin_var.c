#include "builtin_list.h"
#include "option.h"
#include "shell.h"
#include "text.h"
#include "vars.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
builtin_export(int argc, char **argv)
{
    int status = 0;

    if (argc < 2 || strcmp(argv[1], "-p") == 0)
        vars_print(true);
    for (int i = 1; i < argc; i++) {
        size_t n = vars_assignment_length(argv[i]);
        char *name = n ? strndup(argv[i], n) : strdup(argv[i]);
        if (name && vars_is_name(name)) {
            if (n)
                vars_set(name, argv[i] + n + 1);
            vars_export(name);
        } else if (strcmp(argv[i], "-p") != 0) {
            shell_error(1, "export: %s: not a name", argv[i]);
            status = 1;
        }
        free(name);
    }
    return status;
}

int
builtin_unset(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        vars_unset(argv[i]);
    return 0;
}

/* The old parameters may be a running function's, so they are not freed. */
static void
set_params(int count, char **values)
{
    struct strings params = {0};

    for (int i = 0; i < count; i++)
        strings_add(&params, xstrdup(values[i]));
    shell.params = params.items;
    shell.count = params.count;
}

/* A word of options, "-ex" or "+e", or -o with the name behind it. Returns the
 * words that were used up, or -1 after complaining. */
static int
set_options(char **words)
{
    bool on = words[0][0] == '-';

    if (strcmp(words[0] + 1, "o") != 0) {
        for (const char *s = words[0] + 1; *s; s++)
            if (!option_set(*s, on)) {
                shell_error(2, "set: unknown option %c", *s);
                return -1;
            }
        return 1;
    }
    if (!words[1]) {
        option_print();
        return 1;
    }
    if (option_set_name(words[1], on))
        return 2;
    shell_error(2, "set: unknown option %s", words[1]);
    return -1;
}

int
builtin_set(int argc, char **argv)
{
    int i = 1, used;

    if (argc < 2)
        vars_print(false);
    while (i < argc && (argv[i][0] == '-' || argv[i][0] == '+')) {
        if (strcmp(argv[i], "--") == 0) {
            set_params(argc - i - 1, argv + i + 1);
            return 0;
        }
        used = set_options(argv + i);
        if (used < 0)
            return 2;
        i += used;
    }
    if (i < argc)
        set_params(argc - i, argv + i);
    return 0;
}

int
builtin_shift(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 1;

    if (n < 0 || (size_t)n > shell.count) {
        shell_error(1, "shift: there are only %zu parameters", shell.count);
        return 1;
    }
    shell.params += n;
    shell.count -= (size_t)n;
    return 0;
}
