#include "screen.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void
send(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = write(STDERR_FILENO, bytes, n);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

/* Columns that n bytes of UTF-8 take; terminal sequences take none. */
static size_t
width(const char *s, size_t n)
{
    size_t columns = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\033') {
            while (i + 1 < n && !strchr("mKHJ", s[i]))
                i++;
            continue;
        }
        columns += ((unsigned char)s[i] & 0xc0) != 0x80;
    }
    return columns;
}

static size_t
column_of(const struct screen *s, const struct text *line, size_t cursor)
{
    return width(s->prompt, strlen(s->prompt)) + width(line->bytes, cursor);
}

void
screen_begin(struct screen *s, const char *prompt)
{
    struct winsize size;

    s->prompt = prompt;
    s->row = 0;
    s->columns = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        s->columns = size.ws_col;
    send(prompt, strlen(prompt));
}

static void
put_move(struct text *t, size_t n, char direction)
{
    char sequence[16];

    if (n == 0)
        return;
    snprintf(sequence, sizeof(sequence), "\033[%zu%c", n, direction);
    text_put(t, sequence);
}

void
screen_draw(struct screen *s, const struct text *line, size_t cursor)
{
    struct text out = {0};
    size_t end = column_of(s, line, line->len);
    size_t at = column_of(s, line, cursor);

    put_move(&out, s->row, 'A');
    text_put(&out, "\r\033[J");
    text_put(&out, s->prompt);
    text_add(&out, line->bytes, line->len);
    /* A full row leaves the cursor behind its last column. */
    if (end > 0 && end % s->columns == 0)
        text_put(&out, "\n");
    put_move(&out, end / s->columns - at / s->columns, 'A');
    text_char(&out, '\r');
    put_move(&out, at % s->columns, 'C');
    s->row = at / s->columns;
    send(out.bytes, out.len);
    text_free(&out);
}

void
screen_appended(struct screen *s, const struct text *line, size_t bytes)
{
    size_t end = column_of(s, line, line->len);

    if (end % s->columns == 0)
        screen_draw(s, line, line->len);
    else
        send(line->bytes + line->len - bytes, bytes);
}

void
screen_clear(struct screen *s)
{
    send("\033[H\033[2J", 7);
    s->row = 0;
}

void
screen_end(struct screen *s, const struct text *line)
{
    size_t last = column_of(s, line, line->len) / s->columns;
    struct text out = {0};

    put_move(&out, last - s->row, 'B');
    text_put(&out, "\n");
    send(out.bytes, out.len);
    text_free(&out);
}

void
screen_list(struct screen *s, const struct text *line,
            const struct strings *names)
{
    size_t widest = 1, per_row;
    struct text out = {0};

    screen_end(s, line);
    for (size_t i = 0; i < names->count; i++) {
        size_t w = width(names->items[i], strlen(names->items[i]));
        widest = w > widest ? w : widest;
    }
    per_row = s->columns / (widest + 2) ? s->columns / (widest + 2) : 1;
    for (size_t i = 0; i < names->count; i++) {
        size_t w = width(names->items[i], strlen(names->items[i]));
        bool last = (i + 1) % per_row == 0 || i + 1 == names->count;
        text_put(&out, names->items[i]);
        for (; !last && w < widest + 2; w++)
            text_char(&out, ' ');
        if (last)
            text_put(&out, "\n");
    }
    send(out.bytes, out.len);
    text_free(&out);
    s->row = 0;
}
