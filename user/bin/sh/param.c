#include "param.h"
#include "option.h"
#include "shell.h"
#include "text.h"
#include "vars.h"
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
param_get(const char *name)
{
    static char number[24];
    long value;

    if (isdigit(name[0])) {
        size_t i = strtoul(name, NULL, 10);
        if (i == 0)
            return shell.name;
        return i <= shell.count ? shell.params[i - 1] : NULL;
    }
    switch (name[0]) {
    case '?':
        value = shell.status;
        break;
    case '$':
        value = shell.pid;
        break;
    case '#':
        value = (long)shell.count;
        break;
    case '!':
        if (!shell.background)
            return NULL;
        value = shell.background;
        break;
    case '-':
        return option_letters();
    default:
        return vars_get(name);
    }
    snprintf(number, sizeof(number), "%ld", value);
    return number;
}

char *
param_trim(const char *value, const char *op, const char *pattern)
{
    size_t len = strlen(value);
    bool at_end = op[0] == '%', longest = op[1] != '\0';

    /* n counts the bytes that would be cut off. */
    for (size_t i = 0; i <= len; i++) {
        size_t n = longest ? len - i : i;
        char *part = at_end ? xstrdup(value + len - n) : strndup(value, n);
        bool matches = part && fnmatch(pattern, part, 0) == 0;
        free(part);
        if (matches)
            return at_end ? strndup(value, len - n) : xstrdup(value + n);
    }
    return xstrdup(value);
}
