#include "dev/tty_impl.h"
#include "abi/signal.h"

#define DELETE    0x7f
#define ECHO_ROOM 256u /* more than one byte's echo, but for long erasures */

/* ---- What was typed ------------------------------------------------------ */

/* Appends c; in canonical mode to the line being edited, which it ends if end
 * is set. The caller has asked tty_ring_has_room; a line of TTY_LINE_MAX
 * bytes takes nothing but its end. */
static void
append(struct tty *tty, uint8_t c, bool end) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    *tty_cell(in, in->tail++) = end ? c | TTY_END : c;
    if (end)
        in->committed = in->tail;
}

bool
tty_ring_has_room(const struct tty *tty)
{
    const struct tty_input *in = &tty->input;
    unsigned used = in->tail - in->head;
    if (tty->ops->room(tty->port) < ECHO_ROOM)
        return false;
    if (!tty_is_canonical(tty))
        return used < TTY_INPUT_SIZE;
    /* With no whole line to read, input must go on: only it can end the line,
     * or shorten it. What does not fit is dropped by tty_line_receive. */
    return used < TTY_LINE_MAX || in->committed == in->head;
}

size_t
tty_ring_count(const struct tty *tty)
{
    const struct tty_input *in = &tty->input;
    unsigned end = tty_is_canonical(tty) ? in->committed : in->tail;
    return end - in->head;
}

size_t
tty_ring_take(struct tty *tty, char *buf, size_t max)
{
    struct tty_input *in = &tty->input;
    bool by_line = tty_is_canonical(tty);
    unsigned stop = by_line ? in->committed : in->tail;
    size_t n = 0;
    while (in->head != stop) {
        uint16_t c = *tty_cell(in, in->head);
        bool end = by_line && (c & TTY_END);
        bool end_of_file = end && c == TTY_END;
        /* An end of file behind bytes that just fit belongs to them: left
         * behind, it would end the next read with nothing. */
        if (n == max && !end_of_file)
            break;
        in->head++;
        if (!end_of_file)
            buf[n++] = (char)c;
        if (end)
            break;
    }
    /* In raw mode lines are not kept apart: keep committed within bounds. */
    if (!by_line)
        in->committed = in->tail;
    return n;
}

void
tty_ring_flush(struct tty *tty)
{
    struct tty_input *in = &tty->input;
    in->head = in->committed = in->tail;
    tty->literal = false;
}

void
tty_ring_mode_changed(struct tty *tty)
{
    struct tty_input *in = &tty->input;
    in->committed = in->tail;
    tty->line_column = tty->column;
}

/* ---- What is being typed ------------------------------------------------ */

static bool
local(const struct tty *tty, uint32_t flag)
{
    return tty->termios.c_lflag & flag;
}

static bool
is_control(uint8_t c)
{
    return c < ' ' || c == DELETE;
}

/* ---- Echo ---------------------------------------------------------------- */

/* Echo has nobody to wait for room: what does not fit is not seen. */
static void
echo(struct tty *tty, const char *text, size_t len) REQUIRES(tty->lock)
{
    (void)tty_output(tty, text, len);
}

static void
echo_char(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    if (is_control(c) && c != '\t' && local(tty, ECHOCTL)) {
        char caret[2] = {'^', (char)(c ^ 0x40)};
        echo(tty, caret, sizeof(caret));
    } else {
        echo(tty, (const char *)&c, 1);
    }
}

/* The column after what echo_char shows for c. */
static unsigned
echo_column(const struct tty *tty, unsigned column, uint8_t c)
    REQUIRES(tty->lock)
{
    if (is_control(c) && c != '\t' && local(tty, ECHOCTL))
        return column + 2;
    return tty_column_after(tty, column, (char)c);
}

/* The columns that the line takes from pos to its end: tabs make this depend
 * on all that is before. */
static unsigned
width_from(struct tty *tty, unsigned pos) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    unsigned column = tty->line_column, start = column;
    for (unsigned i = in->committed; i != in->tail; i++) {
        if (i == pos)
            start = column;
        column = echo_column(tty, column, (uint8_t)*tty_cell(in, i));
    }
    return column > start && pos != in->tail ? column - start : 0;
}

/* ---- Editing ------------------------------------------------------------- */

/* Takes away what was typed from pos on, on the screen too; or, as for
 * paper, shows c, which asked for that. */
static void
erase_from(struct tty *tty, unsigned pos, uint8_t c) REQUIRES(tty->lock)
{
    if (local(tty, ECHO) && !local(tty, ECHOE))
        echo_char(tty, c);
    else if (local(tty, ECHO))
        for (unsigned n = width_from(tty, pos); n > 0; n--)
            echo(tty, "\b \b", 3);
    tty->input.tail = pos;
}

static void
erase_char(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    unsigned pos = in->tail;
    if (pos == in->committed)
        return;
    do
        pos--;
    while (pos != in->committed &&
           tty_is_continuation(tty, (uint8_t)*tty_cell(in, pos)));
    erase_from(tty, pos, c);
}

/* Bytes of words: letters, digits, and all characters beyond ASCII. */
static bool
is_word_before(struct tty_input *in, unsigned pos)
{
    uint8_t c = (uint8_t)*tty_cell(in, pos - 1), lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           c == '_' || c >= 0x80;
}

static void
erase_word(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    unsigned pos = in->tail;
    while (pos != in->committed && !is_word_before(in, pos))
        pos--;
    while (pos != in->committed && is_word_before(in, pos))
        pos--;
    if (pos != in->tail)
        erase_from(tty, pos, c);
}

/* A line that has wrapped cannot be wiped by going back: there is no way up
 * to the row above. A new row is begun instead. */
static void
kill_line(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    const uint32_t all = ECHOK | ECHOKE | ECHOE;
    unsigned end = tty->line_column + width_from(tty, in->committed);
    unsigned columns = tty->winsize.ws_col ? tty->winsize.ws_col : 80;
    if ((tty->termios.c_lflag & all) == all && end < columns) {
        erase_from(tty, in->committed, c);
        return;
    }
    in->tail = in->committed;
    if (local(tty, ECHO))
        echo_char(tty, c);
    if (local(tty, ECHO) && local(tty, ECHOK))
        echo(tty, "\n", 1);
}

static void
insert(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    if (tty_is_canonical(tty) && in->tail - in->head >= TTY_LINE_MAX) {
        if (tty->termios.c_iflag & IMAXBEL)
            echo(tty, "\a", 1);
        return;
    }
    if (in->tail == in->committed)
        tty->line_column = tty->column;
    if (local(tty, ECHO)) {
        if (c == '\n')
            echo(tty, "\n", 1);
        else
            echo_char(tty, c);
    }
    append(tty, c, false);
}

/* ---- Special characters -------------------------------------------------- */

static void
end_line(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    if (local(tty, ECHO))
        echo_char(tty, c);
    append(tty, c, true);
}

static void
show_again(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    if (!local(tty, ECHO))
        return;
    echo_char(tty, c);
    echo(tty, "\n", 1);
    tty->line_column = tty->column;
    for (unsigned i = in->committed; i != in->tail; i++)
        echo_char(tty, (uint8_t)*tty_cell(in, i));
}

static void
end_of_file(struct tty *tty, uint8_t c UNUSED) REQUIRES(tty->lock)
{
    append(tty, 0, true);
}

static void
quote_next(struct tty *tty, uint8_t c UNUSED) REQUIRES(tty->lock)
{
    tty->literal = true;
    if (local(tty, ECHO) && local(tty, ECHOCTL))
        echo(tty, "^\b", 2);
}

void
tty_set_stopped(struct tty *tty, bool stopped)
{
    tty->stopped = stopped;
    if (!stopped)
        waitq_notify(&tty->writers);
}

static void
resume(struct tty *tty, uint8_t c UNUSED) REQUIRES(tty->lock)
{
    tty_set_stopped(tty, false);
}

static void
stop(struct tty *tty, uint8_t c UNUSED) REQUIRES(tty->lock)
{
    tty_set_stopped(tty, true);
}

static void
interrupt(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    if (!local(tty, NOFLSH)) {
        tty->ops->discard(tty->port);
        waitq_notify(&tty->writers);
        tty_ring_flush(tty);
    }
    if (tty->termios.c_iflag & IXON)
        resume(tty, c);
    if (local(tty, ECHO))
        echo_char(tty, c);
}

/* What the characters of c_cc do while the flags given are on [posix
 * §11.1.9]. */
static const struct control {
    uint8_t which;
    uint32_t iflag, lflag;
    void (*act)(struct tty *tty, uint8_t c);
    int sig;
} controls[] = {
    {VSTART, IXON, 0, resume, 0},
    {VSTOP, IXON, 0, stop, 0},
    {VINTR, 0, ISIG, interrupt, SIGINT},
    {VQUIT, 0, ISIG, interrupt, SIGQUIT},
    {VSUSP, 0, ISIG, interrupt, SIGTSTP},
    {VERASE, 0, ICANON, erase_char, 0},
    {VKILL, 0, ICANON, kill_line, 0},
    {VEOF, 0, ICANON, end_of_file, 0},
    {VWERASE, 0, ICANON | IEXTEN, erase_word, 0},
    {VLNEXT, 0, ICANON | IEXTEN, quote_next, 0},
    {VREPRINT, 0, ICANON | IEXTEN, show_again, 0},
    {VEOL, 0, ICANON, end_line, 0},
    {VEOL2, 0, ICANON | IEXTEN, end_line, 0},
};

/* The entry that c asks for, or NULL. The value 0 turns a character off. */
static const struct control *
find_control(const struct tty *tty, uint8_t c)
{
    const struct termios *t = &tty->termios;
    for (unsigned i = 0; i < ARRAY_LEN(controls); i++) {
        const struct control *control = &controls[i];
        if (c != 0 && t->c_cc[control->which] == c &&
            (t->c_iflag & control->iflag) == control->iflag &&
            (t->c_lflag & control->lflag) == control->lflag)
            return control;
    }
    return NULL;
}

int
tty_line_receive(struct tty *tty, uint8_t c)
{
    uint32_t iflag = tty->termios.c_iflag;
    if (iflag & ISTRIP)
        c &= 0x7f;
    if (tty->literal) {
        tty->literal = false;
        insert(tty, c);
        return 0;
    }
    if (c == '\r' && (iflag & IGNCR))
        return 0;
    if (c == '\r' && (iflag & ICRNL))
        c = '\n';
    else if (c == '\n' && (iflag & INLCR))
        c = '\r';
    const struct control *control = find_control(tty, c);
    if (tty->stopped && (iflag & IXON) && (iflag & IXANY))
        resume(tty, c);
    if (control != NULL) {
        control->act(tty, c);
        return control->sig;
    }
    if (c == '\n' && tty_is_canonical(tty)) {
        if (local(tty, ECHO | ECHONL))
            echo(tty, "\n", 1);
        append(tty, c, true);
    } else {
        insert(tty, c);
    }
    return 0;
}

void
tty_line_init(struct tty *tty)
{
    tty->termios = (struct termios){
        .c_iflag = ICRNL | IXON | IMAXBEL | IUTF8,
        .c_oflag = OPOST | ONLCR,
        .c_cflag = CS8 | CREAD | CLOCAL | B115200,
        .c_lflag =
            ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        .c_cc =
            {
                [VINTR] = 'C' & 0x1f,
                [VQUIT] = '\\' & 0x1f,
                [VERASE] = DELETE,
                [VKILL] = 'U' & 0x1f,
                [VEOF] = 'D' & 0x1f,
                [VMIN] = 1,
                [VSTART] = 'Q' & 0x1f,
                [VSTOP] = 'S' & 0x1f,
                [VSUSP] = 'Z' & 0x1f,
                [VREPRINT] = 'R' & 0x1f,
                [VDISCARD] = 'O' & 0x1f,
                [VWERASE] = 'W' & 0x1f,
                [VLNEXT] = 'V' & 0x1f,
            },
    };
}
