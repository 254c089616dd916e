#include "values.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

const char *
value_bool(const char *text, bool *to)
{
    *to = strcmp(text, "yes") == 0;
    return *to || strcmp(text, "no") == 0 ? NULL : "yes or no";
}

/* Reads digits and leaves *rest behind them; false if there are none, or too
 * many. */
static bool
read_digits(const char *text, unsigned base, uint64_t *to, const char **rest)
{
    uint64_t n = 0;
    const char *s = text;

    for (; *s >= '0' && *s < (char)('0' + base); s++) {
        unsigned digit = (unsigned)(*s - '0');
        if (n > (UINT64_MAX - digit) / base)
            return false;
        n = n * base + digit;
    }
    *to = n;
    *rest = s;
    return s != text;
}

const char *
value_number(const char *text, uint64_t max, uint64_t *to)
{
    const char *rest;

    if (!read_digits(text, 10, to, &rest) || *rest || *to > max)
        return max == UINT64_MAX ? "a number" : "a smaller number";
    return NULL;
}

const char *
value_octal(const char *text, unsigned *to)
{
    const char *rest;
    uint64_t n;

    if (!read_digits(text, 8, &n, &rest) || *rest || n > 0777)
        return "an octal number up to 777";
    *to = (unsigned)n;
    return NULL;
}

/* Reads a number and one of some units. */
static bool
read_scaled(const char *text, const char *const *names, const uint64_t *factors,
            uint64_t *to)
{
    const char *rest;
    uint64_t n;

    if (!read_digits(text, 10, &n, &rest))
        return false;
    for (size_t i = 0; names[i]; i++)
        if (strcmp(rest, names[i]) == 0) {
            *to = n * factors[i];
            return n <= UINT64_MAX / 2 / factors[i];
        }
    return false;
}

const char *
value_time(const char *text, uint64_t *to)
{
    static const char *const names[] = {"ms", "s", "min", "h", NULL};
    static const uint64_t factors[] = {CONFIG_SECOND / 1000, CONFIG_SECOND,
                                       60 * CONFIG_SECOND,
                                       3600 * CONFIG_SECOND};

    if (strcmp(text, "0") == 0) {
        *to = 0;
        return NULL;
    }
    return read_scaled(text, names, factors, to)
               ? NULL
               : "a time, such as 500ms, 5s, 2min or 1h";
}

const char *
value_limit(const char *text, uint64_t *to)
{
    static const char *const names[] = {"", "K", "M", "G", NULL};
    static const uint64_t factors[] = {1, 1 << 10, 1 << 20, 1 << 30};

    if (strcmp(text, "none") == 0) {
        *to = CONFIG_NO_LIMIT;
        return NULL;
    }
    return read_scaled(text, names, factors, to)
               ? NULL
               : "a number, with K, M or G perhaps, or none";
}

/* Only those that make sense to ask a service for something. */
const char *
value_signal(const char *text, int *to)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {
        {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},
        {"KILL", SIGKILL}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
        {"TERM", SIGTERM},
    };

    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        if (strcmp(text, signals[i].name) == 0) {
            *to = signals[i].number;
            return NULL;
        }
    return "HUP, INT, QUIT, KILL, USR1, USR2 or TERM";
}

static bool
append(struct config_list *list, char *word)
{
    char **items =
        realloc(list->items, (list->count + 2) * sizeof(*list->items));

    if (!items)
        return false;
    list->items = items;
    items[list->count++] = word;
    items[list->count] = NULL;
    return true;
}

/* Copies the word that *text begins with to `to`, without what quotes it.
 * False if a quotation does not end. */
static bool
take_word(const char **text, char *to)
{
    const char *s = *text;
    bool quoted = false;

    for (; *s && (quoted || (*s != ' ' && *s != '\t')); s++) {
        if (*s == '"') {
            quoted = !quoted;
            continue;
        }
        if (*s == '\\' && *++s == '\0')
            return false;
        *to++ = *s;
    }
    *to = '\0';
    *text = s;
    return !quoted;
}

const char *
value_words(const char *text, struct config_list *to)
{
    for (;;) {
        text += strspn(text, " \t");
        if (!*text)
            return NULL;
        char *word = malloc(strlen(text) + 1);
        if (!word)
            return "more memory";
        if (!take_word(&text, word)) {
            free(word);
            return "an end of what a \" or \\ begins";
        }
        if (!append(to, word)) {
            free(word);
            return "more memory";
        }
    }
}
