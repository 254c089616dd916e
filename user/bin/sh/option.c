#include "option.h"
#include "shell.h"
#include <stdio.h>
#include <string.h>

static const struct {
    char letter;
    const char *name;
    bool *value;
} shell_options[] = {
    {'C', "noclobber", &shell.option_C}, {'e', "errexit", &shell.option_e},
    {'f', "noglob", &shell.option_f},    {'u', "nounset", &shell.option_u},
    {'x', "xtrace", &shell.option_x},
};

bool
option_set(char letter, bool on)
{
    for (size_t i = 0; i < ARRAY_LEN(shell_options); i++)
        if (shell_options[i].letter == letter) {
            *shell_options[i].value = on;
            return true;
        }
    return false;
}

bool
option_set_name(const char *name, bool on)
{
    for (size_t i = 0; i < ARRAY_LEN(shell_options); i++)
        if (strcmp(shell_options[i].name, name) == 0)
            return option_set(shell_options[i].letter, on);
    return false;
}

void
option_print(void)
{
    for (size_t i = 0; i < ARRAY_LEN(shell_options); i++)
        printf("%-10s %s\n", shell_options[i].name,
               *shell_options[i].value ? "on" : "off");
}

const char *
option_letters(void)
{
    static char letters[ARRAY_LEN(shell_options) + 2];
    char *to = letters;

    if (shell.interactive)
        *to++ = 'i';
    for (size_t i = 0; i < ARRAY_LEN(shell_options); i++)
        if (*shell_options[i].value)
            *to++ = shell_options[i].letter;
    *to = '\0';
    return letters;
}
