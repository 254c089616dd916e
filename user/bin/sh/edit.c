#include "edit.h"
#include "complete.h"
#include "history.h"
#include "screen.h"
#include "text.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL(letter) ((letter)&0x1f)

/* Keys that come as sequences of bytes. */
enum key {
    KEY_UP = 256,
    KEY_DOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_WORD_DELETE,
    KEY_NONE,
};

struct editor {
    struct text line;
    size_t cursor;
    struct screen screen;
    size_t history; /* the line shown; history_count() is the new one */
    char *stash;    /* the new line while an old one is shown */
};

static int
read_byte(void)
{
    unsigned char c;
    ssize_t n;

    do
        n = read(STDIN_FILENO, &c, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? c : -1;
}

/* Behind ESC [ or ESC O. */
static int
read_sequence(void)
{
    int number = 0, modifier = 0, c;

    for (c = read_byte(); isdigit(c) || c == ';'; c = read_byte())
        if (c == ';') {
            modifier = 1;
            number = 0;
        } else {
            number = number * 10 + (c - '0');
        }
    switch (c) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return modifier ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D':
        return modifier ? KEY_WORD_LEFT : KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    case '~':
        return number == 1 || number == 7   ? KEY_HOME
               : number == 4 || number == 8 ? KEY_END
               : number == 3                ? KEY_DELETE
                                            : KEY_NONE;
    default:
        return KEY_NONE;
    }
}

static int
read_key(void)
{
    int c = read_byte();

    if (c != 033)
        return c;
    switch (read_byte()) {
    case '[':
    case 'O':
        return read_sequence();
    case 'b':
        return KEY_WORD_LEFT;
    case 'f':
        return KEY_WORD_RIGHT;
    case 'd':
        return KEY_WORD_DELETE;
    default:
        return KEY_NONE;
    }
}

static bool
is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The start of the character before (behind) position at. */
static size_t
before(const struct editor *e, size_t at)
{
    while (at > 0 && is_continuation(e->line.bytes[--at]))
        ;
    return at;
}

static size_t
behind(const struct editor *e, size_t at)
{
    if (at < e->line.len)
        at++;
    while (at < e->line.len && is_continuation(e->line.bytes[at]))
        at++;
    return at;
}

static size_t
word_before(const struct editor *e, size_t at)
{
    while (at > 0 && e->line.bytes[at - 1] == ' ')
        at--;
    while (at > 0 && e->line.bytes[at - 1] != ' ')
        at--;
    return at;
}

static size_t
word_behind(const struct editor *e, size_t at)
{
    while (at < e->line.len && e->line.bytes[at] == ' ')
        at++;
    while (at < e->line.len && e->line.bytes[at] != ' ')
        at++;
    return at;
}

static void
draw(struct editor *e)
{
    screen_draw(&e->screen, &e->line, e->cursor);
}

static void
move(struct editor *e, size_t to)
{
    e->cursor = to;
    draw(e);
}

static void
erase(struct editor *e, size_t from, size_t to)
{
    memmove(e->line.bytes + from, e->line.bytes + to, e->line.len - to + 1);
    e->line.len -= to - from;
    move(e, from);
}

/* Puts bytes in place of line[from..cursor). */
static void
replace(struct editor *e, size_t from, const char *bytes)
{
    char *rest = xstrdup(e->line.bytes + e->cursor);

    e->line.len = from;
    text_put(&e->line, bytes);
    e->cursor = e->line.len;
    text_put(&e->line, rest);
    free(rest);
    draw(e);
}

static void
insert(struct editor *e, int c)
{
    char bytes[2] = {(char)c, '\0'};

    if (e->cursor < e->line.len) {
        replace(e, e->cursor, bytes);
        return;
    }
    text_char(&e->line, (char)c);
    e->cursor++;
    screen_appended(&e->screen, &e->line, 1);
}

static void
recall(struct editor *e, size_t which)
{
    const char *text;

    if (which > history_count() || which == e->history)
        return;
    if (e->history == history_count()) {
        free(e->stash);
        e->stash = xstrdup(e->line.bytes);
    }
    e->history = which;
    text = which == history_count() ? e->stash : history_line(which);
    e->line.len = 0;
    text_put(&e->line, text ? text : "");
    move(e, e->line.len);
}

static void
complete_word(struct editor *e)
{
    struct completion c;
    size_t typed, n;

    complete(e->line.bytes, e->cursor, &c);
    typed = e->cursor - c.from;
    if (c.names.count == 0) {
        complete_free(&c);
        return;
    }
    n = strlen(c.common);
    if (c.names.count > 1 && n <= typed) {
        screen_list(&e->screen, &e->line, &c.names);
        draw(e);
    } else {
        struct text word = {0};
        text_put(&word, c.common);
        if (c.names.count == 1 && word.bytes[n - 1] != '/')
            text_char(&word, ' ');
        replace(e, c.from, word.bytes);
        text_free(&word);
    }
    complete_free(&c);
}

/* Keys that move or that change the line as a whole. */
static void
handle_motion(struct editor *e, int key)
{
    switch (key) {
    case CTRL('a'):
    case KEY_HOME:
        move(e, 0);
        break;
    case CTRL('e'):
    case KEY_END:
        move(e, e->line.len);
        break;
    case CTRL('b'):
    case KEY_LEFT:
        move(e, before(e, e->cursor));
        break;
    case CTRL('f'):
    case KEY_RIGHT:
        move(e, behind(e, e->cursor));
        break;
    case KEY_WORD_LEFT:
        move(e, word_before(e, e->cursor));
        break;
    case KEY_WORD_RIGHT:
        move(e, word_behind(e, e->cursor));
        break;
    case CTRL('p'):
    case KEY_UP:
        recall(e, e->history - (e->history > 0));
        break;
    case CTRL('n'):
    case KEY_DOWN:
        recall(e, e->history + 1);
        break;
    case CTRL('l'):
        screen_clear(&e->screen);
        draw(e);
        break;
    default:
        break;
    }
}

static void
handle(struct editor *e, int key)
{
    switch (key) {
    case '\b':
    case 127:
        if (e->cursor > 0) {
            size_t end = e->cursor;
            erase(e, before(e, end), end);
        }
        break;
    case CTRL('d'):
    case KEY_DELETE:
        erase(e, e->cursor, behind(e, e->cursor));
        break;
    case CTRL('k'):
        erase(e, e->cursor, e->line.len);
        break;
    case CTRL('u'):
        erase(e, 0, e->cursor);
        break;
    case CTRL('w'):
        erase(e, word_before(e, e->cursor), e->cursor);
        break;
    case KEY_WORD_DELETE:
        erase(e, e->cursor, word_behind(e, e->cursor));
        break;
    case '\t':
        complete_word(e);
        break;
    default:
        if (key >= ' ' && key < 256)
            insert(e, key);
        else
            handle_motion(e, key);
    }
}

static enum edit_result
edit(struct editor *e)
{
    for (;;) {
        int key = read_key();
        if (key < 0 || (key == CTRL('d') && e->line.len == 0))
            return EDIT_END;
        if (key == '\r' || key == '\n')
            return EDIT_LINE;
        if (key == CTRL('c'))
            return EDIT_CANCELLED;
        handle(e, key);
    }
}

/* The terminal edits by itself, if at all. */
static enum edit_result
read_plainly(const char *prompt, char **line)
{
    struct text t = {0};
    int c;

    if (write(STDERR_FILENO, prompt, strlen(prompt)) < 0)
        return EDIT_END;
    while ((c = read_byte()) >= 0 && c != '\n')
        text_char(&t, (char)c);
    if (c < 0 && t.len == 0)
        return EDIT_END;
    *line = text_take(&t);
    return EDIT_LINE;
}

enum edit_result
edit_line(const char *prompt, char **line)
{
    struct termios before_edit, raw;
    struct editor e = {.history = history_count()};
    enum edit_result result;

    if (tcgetattr(STDIN_FILENO, &before_edit) != 0)
        return read_plainly(prompt, line);
    /* Return stays a newline and output stays as it is, so that what is typed
     * ahead means the same to the program that reads it. */
    raw = before_edit;
    raw.c_lflag &= ~(uint32_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(uint32_t)IXON;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
        return read_plainly(prompt, line);
    text_put(&e.line, "");
    screen_begin(&e.screen, prompt);
    result = edit(&e);
    if (result == EDIT_CANCELLED) {
        text_put(&e.line, "^C");
        move(&e, e.line.len);
    }
    screen_end(&e.screen, &e.line);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before_edit);
    free(e.stash);
    *line = text_take(&e.line);
    if (result != EDIT_LINE)
        free(*line);
    return result;
}
