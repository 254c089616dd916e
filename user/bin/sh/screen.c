#include "screen.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8.h>

/* Where a character is, or would be. */
struct place {
    size_t row, column;
};

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

/* The length of the terminal sequence at s, or 0. */
static size_t
sequence(const char *s, size_t n)
{
    size_t i = 1;

    if (s[0] != '\033')
        return 0;
    while (i < n && !strchr("mKHJ", s[i]))
        i++;
    return i < n ? i + 1 : i;
}

/* Places n bytes from *at on and moves that behind them; those from row top on
 * are put into out, unless it is NULL. Wide characters that do not fit at the
 * end of a row go to the next. */
static void
place(const struct screen *s, struct place *at, const char *bytes, size_t n,
      struct text *out)
{
    for (size_t i = 0, len; i < n; i += len) {
        uint32_t code = ' ';
        size_t columns = 0;
        len = sequence(bytes + i, n - i);
        if (len == 0) {
            len = utf8_next(bytes + i, n - i, &code);
            columns = (size_t)utf8_columns(code);
        }
        if (at->column + columns > s->columns) {
            if (out && at->row >= s->top)
                text_char(out, ' ');
            *at = (struct place){at->row + 1, 0};
        }
        if (out && at->row >= s->top && at->row < s->top + s->rows)
            text_add(out, bytes + i, len);
        at->column += columns;
        /* Marks may follow the last character of a row: only what comes next
         * begins another. */
        bool mark =
            i + len < n && (utf8_next(bytes + i + len, n - i - len, &code),
                            utf8_columns(code) == 0);
        if (at->column == s->columns && !mark)
            *at = (struct place){at->row + 1, 0};
    }
}

static struct place
place_of(const struct screen *s, const struct text *line, size_t cursor)
{
    struct place at = {0, 0};

    place(s, &at, s->prompt, strlen(s->prompt), NULL);
    place(s, &at, line->bytes, cursor, NULL);
    /* Where there is no room for what follows, the next row begins. */
    uint32_t code = ' ';
    if (cursor < line->len)
        utf8_next(line->bytes + cursor, line->len - cursor, &code);
    if (at.column + (size_t)utf8_columns(code) > s->columns)
        at = (struct place){at.row + 1, 0};
    return at;
}

/* Columns of a text that stands by itself. */
static size_t
width(const char *text)
{
    const struct screen endless = {.columns = (size_t)-1};
    struct place at = {0, 0};

    place(&endless, &at, text, strlen(text), NULL);
    return at.column;
}

void
screen_begin(struct screen *s, const char *prompt)
{
    static const char ask[] = "\0337\033[999;999H\033[6n\0338";
    static bool asked;
    struct winsize size = {0};

    *s = (struct screen){.prompt = prompt, .columns = 80, .rows = 24};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 &&
        size.ws_row > 0) {
        s->columns = size.ws_col;
        s->rows = size.ws_row;
    } else if (!asked) {
        asked = true;
        send(ask, sizeof(ask) - 1);
    }
    send(prompt, strlen(prompt));
}

void
screen_resize(struct screen *s, size_t rows, size_t columns)
{
    struct winsize size = {.ws_row = (uint16_t)rows,
                           .ws_col = (uint16_t)columns};

    if (rows == 0 || columns < 2)
        return;
    ioctl(STDERR_FILENO, TIOCSWINSZ, &size);
    s->rows = rows;
    s->columns = columns;
}

static void
put_move(struct text *t, size_t n, char direction)
{
    char motion[16];

    if (n == 0)
        return;
    snprintf(motion, sizeof(motion), "\033[%zu%c", n, direction);
    text_put(t, motion);
}

void
screen_draw(struct screen *s, const struct text *line, size_t cursor)
{
    struct text out = {0};
    struct place end = {0, 0}, at = place_of(s, line, cursor);

    put_move(&out, s->row, 'A');
    text_put(&out, "\r\033[J");
    if (at.row < s->top)
        s->top = at.row;
    if (at.row >= s->top + s->rows)
        s->top = at.row - s->rows + 1;
    place(s, &end, s->prompt, strlen(s->prompt), &out);
    place(s, &end, line->bytes, line->len, &out);
    /* A full row leaves the cursor behind its last column. */
    bool full = end.column == 0 && end.row > 0;
    s->end = end.row - s->top;
    if (s->end < s->rows && full)
        text_put(&out, "\n");
    if (s->end >= s->rows)
        s->end = s->rows - 1;
    put_move(&out, s->end - (at.row - s->top), 'A');
    text_char(&out, '\r');
    put_move(&out, at.column, 'C');
    s->row = at.row - s->top;
    send(out.bytes, out.len);
    text_free(&out);
}

void
screen_appended(struct screen *s, const struct text *line, size_t bytes)
{
    struct place before = place_of(s, line, line->len - bytes);
    struct place end = place_of(s, line, line->len);

    if (end.row != s->top + s->row || end.column == before.column)
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
    struct text out = {0};

    /* The end of a long line is worth seeing. */
    if (s->end + 1 == s->rows)
        screen_draw(s, line, line->len);
    put_move(&out, s->end - s->row, 'B');
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
        size_t w = width(names->items[i]);
        widest = w > widest ? w : widest;
    }
    per_row = s->columns / (widest + 2) ? s->columns / (widest + 2) : 1;
    for (size_t i = 0; i < names->count; i++) {
        size_t w = width(names->items[i]);
        bool last = (i + 1) % per_row == 0 || i + 1 == names->count;
        text_put(&out, names->items[i]);
        for (; !last && w < widest + 2; w++)
            text_char(&out, ' ');
        if (last)
            text_put(&out, "\n");
    }
    send(out.bytes, out.len);
    text_free(&out);
    s->row = s->top = 0;
}
