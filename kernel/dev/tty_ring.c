#include "dev/tty_impl.h"

#define ECHO_ROOM 256u /* more than one byte's echo, but for long erasures */

void
tty_ring_append(struct tty *tty, uint8_t c, bool end)
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
    if (tty->port->room() < ECHO_ROOM)
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
