/* stty: shows and changes the settings of the terminal on standard input. */
#include <err.h>
#include <fcntl.h>
#include <prog.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char usage[] =
    "usage: stty [-F DEVICE] [-a | -g | SETTING...]\n"
    "Show or change the settings of a terminal. -a shows all, -g in a form\n"
    "that stty takes again. Settings: flags, with - to turn them off; sane,\n"
    "raw, cooked; size, rows N, cols N; intr C and other characters, C as\n"
    "itself, ^C or undef; min N, time N.\n";

enum group { CONTROL, INPUT, OUTPUT, LOCAL };

static const struct flag {
    const char *name;
    enum group group;
    tcflag_t bit;
    bool sane;
} flags[] = {
    {"parenb", CONTROL, PARENB, false},   {"parodd", CONTROL, PARODD, false},
    {"cmspar", CONTROL, CMSPAR, false},   {"cs8", CONTROL, CS8, true},
    {"hupcl", CONTROL, HUPCL, false},     {"cstopb", CONTROL, CSTOPB, false},
    {"cread", CONTROL, CREAD, true},      {"clocal", CONTROL, CLOCAL, true},
    {"crtscts", CONTROL, CRTSCTS, false},

    {"ignbrk", INPUT, IGNBRK, false},     {"brkint", INPUT, BRKINT, false},
    {"ignpar", INPUT, IGNPAR, false},     {"parmrk", INPUT, PARMRK, false},
    {"inpck", INPUT, INPCK, false},       {"istrip", INPUT, ISTRIP, false},
    {"inlcr", INPUT, INLCR, false},       {"igncr", INPUT, IGNCR, false},
    {"icrnl", INPUT, ICRNL, true},        {"ixon", INPUT, IXON, true},
    {"ixoff", INPUT, IXOFF, false},       {"iuclc", INPUT, IUCLC, false},
    {"ixany", INPUT, IXANY, false},       {"imaxbel", INPUT, IMAXBEL, true},
    {"iutf8", INPUT, IUTF8, true},

    {"opost", OUTPUT, OPOST, true},       {"olcuc", OUTPUT, OLCUC, false},
    {"ocrnl", OUTPUT, OCRNL, false},      {"onlcr", OUTPUT, ONLCR, true},
    {"onocr", OUTPUT, ONOCR, false},      {"onlret", OUTPUT, ONLRET, false},
    {"ofill", OUTPUT, OFILL, false},      {"ofdel", OUTPUT, OFDEL, false},
    {"tab3", OUTPUT, XTABS, false},

    {"isig", LOCAL, ISIG, true},          {"icanon", LOCAL, ICANON, true},
    {"iexten", LOCAL, IEXTEN, true},      {"echo", LOCAL, ECHO, true},
    {"echoe", LOCAL, ECHOE, true},        {"echok", LOCAL, ECHOK, true},
    {"echonl", LOCAL, ECHONL, false},     {"noflsh", LOCAL, NOFLSH, false},
    {"xcase", LOCAL, XCASE, false},       {"tostop", LOCAL, TOSTOP, false},
    {"echoprt", LOCAL, ECHOPRT, false},   {"echoctl", LOCAL, ECHOCTL, true},
    {"echoke", LOCAL, ECHOKE, true},      {"flusho", LOCAL, FLUSHO, false},
    {"extproc", LOCAL, EXTPROC, false},
};

static const struct character {
    const char *name;
    unsigned index;
    cc_t sane;
} characters[] = {
    {"intr", VINTR, 3},      {"quit", VQUIT, 28},   {"erase", VERASE, 127},
    {"kill", VKILL, 21},     {"eof", VEOF, 4},      {"eol", VEOL, 0},
    {"eol2", VEOL2, 0},      {"swtch", VSWTC, 0},   {"start", VSTART, 17},
    {"stop", VSTOP, 19},     {"susp", VSUSP, 26},   {"rprnt", VREPRINT, 18},
    {"werase", VWERASE, 23}, {"lnext", VLNEXT, 22}, {"discard", VDISCARD, 15},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int terminal = STDIN_FILENO;

static tcflag_t *
field(struct termios *t, enum group group)
{
    tcflag_t *const fields[] = {&t->c_cflag, &t->c_iflag, &t->c_oflag,
                                &t->c_lflag};
    return fields[group];
}

/* ---- Showing ---- */

static size_t column, columns = 80;

static void
end_row(void)
{
    if (column > 0)
        putchar('\n');
    column = 0;
}

/* Prints an item, behind a blank or in a new row. */
static void
put(const char *item)
{
    size_t len = strlen(item);

    if (column > 0 && column + 1 + len >= columns)
        end_row();
    if (column > 0)
        putchar(' ');
    fputs(item, stdout);
    column += len + (column > 0);
}

static void
put_freely(char *item)
{
    put(item);
    free(item);
}

static const char *
spell(cc_t c)
{
    static char text[8];

    if (c == 0)
        return "<undef>";
    snprintf(text, sizeof(text), "%s%s%c", c >= 128 ? "M-" : "",
             c % 128 < 32 || c % 128 == 127 ? "^" : "",
             c % 128 < 32 || c % 128 == 127 ? (c % 128) ^ 64 : c % 128);
    return text;
}

static unsigned
speed(const struct termios *t)
{
    switch (t->c_cflag & CBAUD) {
    case B115200 &CBAUD:
        return 115200;
    case B38400:
        return 38400;
    case B9600:
        return 9600;
    default:
        return 0;
    }
}

static void
show_flags(struct termios *t, enum group group, bool all)
{
    for (size_t i = 0; i < COUNT(flags); i++) {
        const struct flag *f = &flags[i];
        bool on = (*field(t, group) & f->bit) == f->bit;
        if (f->group != group || (!all && on == f->sane))
            continue;
        if (f->bit == XTABS)
            put(on ? "nl0 cr0 tab3 bs0 vt0 ff0" : "nl0 cr0 tab0 bs0 vt0 ff0");
        else
            put_freely(prog_format("%s%s", on ? "" : "-", f->name));
    }
    end_row();
}

static void
show(struct termios *t, bool all)
{
    struct winsize size = {0};

    if (ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    put_freely(prog_format("speed %u baud;", speed(t)));
    if (all)
        put_freely(
            prog_format("rows %u; columns %u;", size.ws_row, size.ws_col));
    put_freely(prog_format("line = %u;", t->c_line));
    end_row();
    for (size_t i = 0; i < COUNT(characters); i++) {
        const struct character *c = &characters[i];
        if (all || t->c_cc[c->index] != c->sane)
            put_freely(
                prog_format("%s = %s;", c->name, spell(t->c_cc[c->index])));
    }
    if (all || !(t->c_lflag & ICANON))
        put_freely(
            prog_format("min = %u; time = %u;", t->c_cc[VMIN], t->c_cc[VTIME]));
    end_row();
    for (int group = CONTROL; group <= LOCAL; group++)
        show_flags(t, (enum group)group, all);
}

static void
show_numbers(const struct termios *t)
{
    printf("%x:%x:%x:%x", t->c_iflag, t->c_oflag, t->c_cflag, t->c_lflag);
    for (int i = 0; i < NCCS; i++)
        printf(":%x", t->c_cc[i]);
    putchar('\n');
}

/* ---- Changing ---- */

static bool
take_numbers(struct termios *t, const char *text)
{
    unsigned long values[4 + NCCS];

    for (size_t i = 0; i < COUNT(values); i++) {
        char *end;
        values[i] = strtoul(text, &end, 16);
        if (end == text || *end != (i + 1 < COUNT(values) ? ':' : '\0'))
            return false;
        text = end + 1;
    }
    t->c_iflag = (tcflag_t)values[0];
    t->c_oflag = (tcflag_t)values[1];
    t->c_cflag = (tcflag_t)values[2];
    t->c_lflag = (tcflag_t)values[3];
    for (int i = 0; i < NCCS; i++)
        t->c_cc[i] = (cc_t)values[4 + i];
    return true;
}

static cc_t
read_character(const char *text)
{
    if (strcmp(text, "undef") == 0 || strcmp(text, "^-") == 0 || !*text)
        return 0;
    if (text[0] == '^' && text[1] && !text[2])
        return text[1] == '?' ? 127 : (cc_t)(text[1] & 0x1f);
    if (text[1])
        return (cc_t)prog_number(text, 255);
    return (cc_t)text[0];
}

static void
make_sane(struct termios *t)
{
    for (size_t i = 0; i < COUNT(flags); i++) {
        *field(t, flags[i].group) &= ~flags[i].bit;
        if (flags[i].sane)
            *field(t, flags[i].group) |= flags[i].bit;
    }
    for (size_t i = 0; i < COUNT(characters); i++)
        t->c_cc[characters[i].index] = characters[i].sane;
    t->c_cc[VMIN] = 1;
    t->c_cc[VTIME] = 0;
}

/* Settings of several flags together. */
static bool
set_mode(struct termios *t, const char *name)
{
    if (strcmp(name, "sane") == 0) {
        make_sane(t);
    } else if (strcmp(name, "raw") == 0 || strcmp(name, "-cooked") == 0) {
        cfmakeraw(t);
    } else if (strcmp(name, "cooked") == 0 || strcmp(name, "-raw") == 0) {
        t->c_iflag |= BRKINT | IGNPAR | ISTRIP | ICRNL | IXON;
        t->c_iflag &= ~(tcflag_t)ISTRIP;
        t->c_oflag |= OPOST | ONLCR;
        t->c_lflag |= ISIG | ICANON | ECHO | IEXTEN;
    } else if (strcmp(name, "cbreak") == 0 || strcmp(name, "-cbreak") == 0) {
        t->c_lflag ^= (t->c_lflag ^ (*name == '-' ? ICANON : 0)) & ICANON;
    } else {
        return false;
    }
    return true;
}

static bool
set_flag(struct termios *t, const char *name)
{
    bool on = *name != '-';

    for (size_t i = 0; i < COUNT(flags); i++)
        if (strcmp(flags[i].name, name + !on) == 0) {
            *field(t, flags[i].group) &= ~flags[i].bit;
            if (on)
                *field(t, flags[i].group) |= flags[i].bit;
            return true;
        }
    return false;
}

static void
set_size(const char *name, const char *value)
{
    struct winsize size;

    if (ioctl(terminal, TIOCGWINSZ, &size) != 0)
        err(1, "the size");
    *(*name == 'r' ? &size.ws_row : &size.ws_col) =
        (uint16_t)prog_number(value, 65535);
    if (ioctl(terminal, TIOCSWINSZ, &size) != 0)
        err(1, "the size");
}

/* Settings with a value. */
static bool
set_value(struct termios *t, const char *name, const char *value)
{
    if (strcmp(name, "rows") == 0 || strcmp(name, "cols") == 0 ||
        strcmp(name, "columns") == 0) {
        set_size(name, value);
        return true;
    }
    if (strcmp(name, "min") == 0 || strcmp(name, "time") == 0) {
        t->c_cc[*name == 'm' ? VMIN : VTIME] = (cc_t)prog_number(value, 255);
        return true;
    }
    for (size_t i = 0; i < COUNT(characters); i++)
        if (strcmp(characters[i].name, name) == 0) {
            t->c_cc[characters[i].index] = read_character(value);
            return true;
        }
    return false;
}

static void
show_size(void)
{
    struct winsize size;

    if (ioctl(terminal, TIOCGWINSZ, &size) != 0)
        err(1, "the size");
    printf("%u %u\n", size.ws_row, size.ws_col);
}

static void
change(struct termios *t, char **words)
{
    struct termios old = *t;

    for (; *words; words++) {
        if (strcmp(*words, "size") == 0)
            show_size();
        else if (set_mode(t, *words) || set_flag(t, *words) ||
                 take_numbers(t, *words))
            continue;
        else if (words[1] && set_value(t, words[0], words[1]))
            words++;
        else
            errx(1, "%s: no such setting, or its value is missing", *words);
    }
    if (memcmp(&old, t, sizeof(old)) != 0 &&
        tcsetattr(terminal, TCSADRAIN, t) != 0)
        err(1, "the settings");
}

int
main(int argc, char **argv)
{
    struct termios t;
    bool all = false, numbers = false;
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++)
        if (strcmp(argv[i], "-a") == 0 || strcmp(argv[i], "--all") == 0)
            all = true;
        else if (strcmp(argv[i], "-g") == 0)
            numbers = true;
        else if (strcmp(argv[i], "-F") == 0 && i + 1 < argc) {
            terminal = open(argv[++i], O_RDWR | O_NONBLOCK | O_NOCTTY);
            if (terminal < 0)
                err(1, "%s", argv[i]);
        } else if (strcmp(argv[i], "-h") == 0 ||
                   strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            prog_exit(0);
        } else {
            break;
        }
    if (tcgetattr(terminal, &t) != 0)
        err(1, "standard input");
    if (i < argc)
        change(&t, argv + i);
    else if (numbers)
        show_numbers(&t);
    else
        show(&t, all);
    prog_exit(0);
}
