#include "edit.h"
#include "complete.h"
#include "history.h"
#include "keys.h"
#include "screen.h"
#include "text.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <utf8.h>

#define CTRL(letter) ((letter)&0x1f)

struct editor {
    struct text line;
    size_t cursor;
    struct screen screen;
    size_t history; /* the line shown; history_count() is the new one */
    char *stash;    /* the new line while an old one is shown */
    struct keyboard keyboard;
};

static bool
is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Whether a mark is at position at, which belongs to what is before. */
static bool
is_mark(const struct editor *e, size_t at)
{
    uint32_t code;

    if (at >= e->line.len)
        return false;
    utf8_next(e->line.bytes + at, e->line.len - at, &code);
    return utf8_columns(code) == 0;
}

/* The start of the character before (behind) position at. */
static size_t
before(const struct editor *e, size_t at)
{
    do
        while (at > 0 && is_continuation(e->line.bytes[--at]))
            ;
    while (at > 0 && is_mark(e, at));
    return at;
}

static size_t
behind(const struct editor *e, size_t at)
{
    do {
        if (at < e->line.len)
            at++;
        while (at < e->line.len && is_continuation(e->line.bytes[at]))
            at++;
    } while (is_mark(e, at));
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
insert(struct editor *e, const char *bytes)
{
    size_t n = strlen(bytes);

    if (e->cursor < e->line.len) {
        replace(e, e->cursor, bytes);
        return;
    }
    text_add(&e->line, bytes, n);
    e->cursor += n;
    screen_appended(&e->screen, &e->line, n);
}

/* Makes line `which` of the history the one that is edited; the new line is
 * kept meanwhile. */
static void
fetch(struct editor *e, size_t which)
{
    const char *text;

    if (which == e->history)
        return;
    if (e->history == history_count()) {
        free(e->stash);
        e->stash = xstrdup(e->line.bytes);
    }
    e->history = which;
    text = which == history_count() ? e->stash : history_line(which);
    e->line.len = 0;
    text_put(&e->line, text ? text : "");
    e->cursor = e->line.len;
}

static void
recall(struct editor *e, size_t which)
{
    if (which > history_count())
        return;
    fetch(e, which);
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

/* ---- Searching ---- */

/* The latest line before `from` that has pattern in it, or from if none has. */
static size_t
find_older(size_t from, const char *pattern)
{
    size_t i = from;

    while (i > 0 && !strstr(history_line(i - 1), pattern))
        i--;
    return i > 0 ? i - 1 : from;
}

/* Shows the line that was found behind what is looked for. */
static void
show_found(struct editor *e, const struct text *pattern)
{
    const char *prompt = e->screen.prompt;
    const char *at = strstr(e->line.bytes, pattern->bytes);
    struct text search = {0};

    text_put(&search, "(search) ");
    text_put(&search, pattern->bytes);
    text_put(&search, ": ");
    e->screen.prompt = search.bytes;
    e->cursor = at ? (size_t)(at - e->line.bytes) : e->line.len;
    draw(e);
    e->screen.prompt = prompt;
    text_free(&search);
}

/* Looks for lines that contain what is typed, ^R for older ones. Returns the
 * key that ended it, which is yet to be handled; ^G goes back. */
static int
search(struct editor *e)
{
    struct text pattern = {0};
    size_t origin = e->history;
    int key;

    text_put(&pattern, "");
    for (;;) {
        show_found(e, &pattern);
        key = key_read(&e->keyboard);
        if (key == KEY_CHARACTER) {
            text_put(&pattern, e->keyboard.typed);
            fetch(e, strstr(e->line.bytes, pattern.bytes)
                         ? e->history
                         : find_older(e->history, pattern.bytes));
        } else if (key == CTRL('r')) {
            fetch(e, find_older(e->history, pattern.bytes));
        } else if ((key == '\b' || key == 127) && pattern.len > 0) {
            while (is_continuation(pattern.bytes[--pattern.len]))
                ;
            pattern.bytes[pattern.len] = '\0';
        } else if (key != KEY_SIZE) {
            break;
        }
    }
    if (key == CTRL('g')) {
        fetch(e, origin);
        e->cursor = e->line.len;
        key = KEY_NONE;
    }
    text_free(&pattern);
    draw(e);
    return key;
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
    case KEY_CHARACTER:
        insert(e, e->keyboard.typed);
        break;
    case KEY_SIZE:
        screen_resize(&e->screen, (size_t)e->keyboard.numbers[0],
                      (size_t)e->keyboard.numbers[1]);
        draw(e);
        break;
    default:
        handle_motion(e, key);
    }
}

static enum edit_result
edit(struct editor *e)
{
    for (;;) {
        int key = key_read(&e->keyboard);
        if (key == CTRL('r'))
            key = search(e);
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
    while ((c = key_read_byte()) >= 0 && c != '\n')
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
