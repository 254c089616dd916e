#include "dev/tty_impl.h"
#include "abi/signal.h"

#define DELETE 0x7f

/* Characters of settings that are off have the value 0 [posix §11.1.9]. */
static bool
is_special(const struct tty *tty, unsigned which, uint8_t c)
{
    return c != 0 && tty->termios.c_cc[which] == c;
}

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

/* The second and later bytes of a character in UTF-8. */
static bool
is_continuation(const struct tty *tty, uint8_t c)
{
    return (tty->termios.c_iflag & IUTF8) && (c & 0xc0) == 0x80;
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
        column = echo_column(tty, column, *tty_byte_at(in, i));
    }
    return column > start && pos != in->tail ? column - start : 0;
}

/* ---- Editing ------------------------------------------------------------- */

/* Takes away what was typed from pos on, on the screen too. */
static void
erase_from(struct tty *tty, unsigned pos, uint8_t c) REQUIRES(tty->lock)
{
    if (local(tty, ECHO) && !local(tty, ECHOE))
        echo_char(tty, c);
    else if (local(tty, ECHO)) {
        for (unsigned n = width_from(tty, pos); n > 0; n--)
            echo(tty, "\b \b", 3);
    }
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
    while (pos != in->committed && is_continuation(tty, *tty_byte_at(in, pos)));
    erase_from(tty, pos, c);
}

static bool
is_blank_before(struct tty_input *in, unsigned pos)
{
    uint8_t c = *tty_byte_at(in, pos - 1);
    return c == ' ' || c == '\t';
}

/* A word is what stands between blanks. */
static void
erase_word(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    unsigned pos = in->tail;
    while (pos != in->committed && is_blank_before(in, pos))
        pos--;
    while (pos != in->committed && !is_blank_before(in, pos))
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
    unsigned columns = tty->winsize.ws_col;
    bool fits = tty->line_column + width_from(tty, in->committed) < columns;
    if (local(tty, ECHOKE) && local(tty, ECHOE) && fits) {
        erase_from(tty, in->committed, c);
        return;
    }
    in->tail = in->committed;
    if (local(tty, ECHO)) {
        echo_char(tty, c);
        if (local(tty, ECHOK))
            echo(tty, "\n", 1);
    }
}

static void
reprint(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    struct tty_input *in = &tty->input;
    echo_char(tty, c);
    echo(tty, "\n", 1);
    tty->line_column = tty->column;
    for (unsigned i = in->committed; i != in->tail; i++)
        echo_char(tty, *tty_byte_at(in, i));
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
    tty_ring_append(tty, c, false);
}

/* ---- Special characters -------------------------------------------------- */

/* The editing characters; false if c is none. */
static bool
edit(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    bool extended = local(tty, IEXTEN);
    if (is_special(tty, VERASE, c))
        erase_char(tty, c);
    else if (is_special(tty, VKILL, c))
        kill_line(tty, c);
    else if (extended && is_special(tty, VWERASE, c))
        erase_word(tty, c);
    else if (extended && is_special(tty, VREPRINT, c) && local(tty, ECHO))
        reprint(tty, c);
    else
        return false;
    return true;
}

/* The characters that end a line; false if c is none. */
static bool
end_line(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    if (c == '\n') {
        if (local(tty, ECHO | ECHONL))
            echo(tty, "\n", 1);
        tty_ring_append(tty, c, true);
    } else if (is_special(tty, VEOF, c)) {
        tty_ring_append(tty, 0, true);
    } else if (is_special(tty, VEOL, c) ||
               (local(tty, IEXTEN) && is_special(tty, VEOL2, c))) {
        if (local(tty, ECHO))
            echo_char(tty, c);
        tty_ring_append(tty, c, true);
    } else {
        return false;
    }
    return true;
}

static void
resume(struct tty *tty)
{
    tty->stopped = false;
    waitq_wake_all(&tty->writers);
}

/* Start and stop of output; false if c is neither. */
static bool
control_flow(struct tty *tty, uint8_t c)
{
    if (!(tty->termios.c_iflag & IXON))
        return false;
    if (is_special(tty, VSTART, c)) {
        resume(tty);
        return true;
    }
    if (is_special(tty, VSTOP, c)) {
        tty->stopped = true;
        return true;
    }
    if (tty->termios.c_iflag & IXANY)
        resume(tty);
    return false;
}

static int
signal_of(const struct tty *tty, uint8_t c)
{
    if (!local(tty, ISIG))
        return 0;
    if (is_special(tty, VINTR, c))
        return SIGINT;
    if (is_special(tty, VQUIT, c))
        return SIGQUIT;
    if (is_special(tty, VSUSP, c))
        return SIGTSTP;
    return 0;
}

static void
interrupt(struct tty *tty, uint8_t c) REQUIRES(tty->lock)
{
    resume(tty);
    if (!local(tty, NOFLSH))
        tty_ring_flush(tty);
    if (local(tty, ECHO))
        echo_char(tty, c);
}

/* Newline and carriage return as c_iflag maps them; false: drop it. */
static bool
map_newline(const struct tty *tty, uint8_t *c)
{
    uint32_t iflag = tty->termios.c_iflag;
    if (*c == '\r') {
        if (iflag & IGNCR)
            return false;
        if (iflag & ICRNL)
            *c = '\n';
    } else if (*c == '\n' && (iflag & INLCR)) {
        *c = '\r';
    }
    return true;
}

int
tty_line_receive(struct tty *tty, uint8_t c)
{
    if (tty->termios.c_iflag & ISTRIP)
        c &= 0x7f;
    if (tty->literal) {
        tty->literal = false;
        insert(tty, c);
        return 0;
    }
    if (control_flow(tty, c))
        return 0;
    int sig = signal_of(tty, c);
    if (sig) {
        interrupt(tty, c);
        return sig;
    }
    if (!map_newline(tty, &c))
        return 0;
    if (tty_is_canonical(tty)) {
        if (local(tty, IEXTEN) && is_special(tty, VLNEXT, c)) {
            tty->literal = true;
            if (local(tty, ECHO) && local(tty, ECHOCTL))
                echo(tty, "^\b", 2);
            return 0;
        }
        if (edit(tty, c) || end_line(tty, c))
            return 0;
    }
    insert(tty, c);
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
