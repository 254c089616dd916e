#include "option.h"
#include "shell.h"
#include <stdio.h>
#include <string.h>

static const struct {
    char letter;
    const char *name;
    bool *value;
} options[] = {
    {'C', "noclobber", &shell.option_C}, {'e', "errexit", &shell.option_e},
    {'f', "noglob", &shell.option_f},    {'u', "nounset", &shell.option_u},
    {'x', "xtrace", &shell.option_x},
};

bool
option_set(char letter, bool on)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (options[i].letter == letter) {
            *options[i].value = on;
            return true;
        }
    return false;
}

bool
option_set_name(const char *name, bool on)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return option_set(options[i].letter, on);
    return false;
}

void
option_print(void)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        printf("%-10s %s\n", options[i].name, *options[i].value ? "on" : "off");
}

const char *
option_letters(void)
{
    static char letters[ARRAY_LEN(options) + 2];
    char *to = letters;

    if (shell.interactive)
        *to++ = 'i';
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (*options[i].value)
            *to++ = options[i].letter;
    *to = '\0';
    return letters;
}
