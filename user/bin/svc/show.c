#include "svc.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utf8.h>

#define NS_PER_MS 1000000u

/* Prints as much as fits; returns the columns that took. */
static int
put_cut(const char *text, int columns)
{
    size_t left = strlen(text);
    int used = 0;

    while (left > 0) {
        uint32_t code;
        size_t n = utf8_next(text, left, &code);
        int width = utf8_columns(code);
        if (used + width > columns)
            break;
        /* Services say what they like, and terminals act on some of it. */
        if (code < ' ' || (code >= 0x7f && code < 0xa0))
            putchar('?');
        else
            fwrite(text, 1, n, stdout);
        used += width;
        text += n;
        left -= n;
    }
    return used;
}

void
show_cut(const char *text, int columns)
{
    put_cut(text, columns);
}

void
show_text(const char *text, int columns)
{
    printf("%*s", columns - put_cut(text, columns), "");
}

/* What a state looks like on a terminal [ecma-48 §8.3.117]. */
static const char *
colour_of(const char *state)
{
    static const char *const colours[][2] = {{"running", "32"},
                                             {"starting", "33"},
                                             {"stopping", "33"},
                                             {"failed", "1;31"},
                                             {"no-device", "36"}};

    for (size_t i = 0; i < ARRAY_LEN(colours); i++)
        if (strcmp(state, colours[i][0]) == 0)
            return colours[i][1];
    return "2";
}

void
show_state(const char *state, int columns)
{
    bool colour = isatty(STDOUT_FILENO);

    if (colour)
        printf("\33[%sm", colour_of(state));
    show_text(state, columns);
    if (colour)
        printf("\33[m");
}

const char *
show_span(uint64_t ns, char to[16])
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}};
    uint64_t ms = ns / NS_PER_MS;

    if (ms < 1000) {
        snprintf(to, 16, "%lums", (unsigned long)ms);
        return to;
    }
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (ms >= 2 * units[i].ms) {
            snprintf(to, 16, "%lu%s", (unsigned long)(ms / units[i].ms),
                     units[i].unit);
            return to;
        }
    snprintf(to, 16, "%lu.%lus", (unsigned long)(ms / 1000),
             (unsigned long)(ms / 100 % 10));
    return to;
}

uint64_t
show_now(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
