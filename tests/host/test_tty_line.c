// SOURCES: kernel/dev/tty.c kernel/dev/tty_line.c
// SOURCES: kernel/dev/tty_ioctl.c tests/host/tty_shim.c
/* The line discipline as scripts: what is typed against what reads return,
 * what the screen shows and which signal is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/signal.h"
#include "dev/tty_impl.h"
#include "tty_shim.h"

#define CTRL_KILL  "\x15"
#define CTRL_WORD  "\x17"
#define CTRL_EOF   "\x04"
#define CTRL_LIT   "\x16"
#define CTRL_AGAIN "\x12"
#define WIPE       "\b \b"
#define WIPE2      WIPE WIPE
#define WIPE4      WIPE2 WIPE2

static void
no_echo(struct tty *tty)
{
    tty->termios.c_lflag &= ~(uint32_t)ECHO;
}

static void
echo_newline_only(struct tty *tty)
{
    no_echo(tty);
    tty->termios.c_lflag |= ECHONL;
}

static void
no_echoctl(struct tty *tty)
{
    tty->termios.c_lflag &= ~(uint32_t)ECHOCTL;
}

static void
no_iexten(struct tty *tty)
{
    tty->termios.c_lflag &= ~(uint32_t)IEXTEN;
}

static void
no_isig(struct tty *tty)
{
    tty->termios.c_lflag &= ~(uint32_t)ISIG;
}

static void
no_utf8(struct tty *tty)
{
    tty->termios.c_iflag &= ~(uint32_t)IUTF8;
}

static void
no_icrnl(struct tty *tty)
{
    tty->termios.c_iflag &= ~(uint32_t)ICRNL;
}

static void
ignore_cr(struct tty *tty)
{
    tty->termios.c_iflag |= IGNCR;
}

static void
no_opost(struct tty *tty)
{
    tty->termios.c_oflag = 0;
}

static void
no_ixon(struct tty *tty)
{
    tty->termios.c_iflag &= ~(uint32_t)IXON;
}

static void
no_erase(struct tty *tty)
{
    tty->termios.c_cc[VERASE] = 0;
}

static void
at_prompt(struct tty *tty)
{
    assert_int_equal(tty_shim_write(tty, "abc", 3, true), 3);
}

static void
raw(struct tty *tty)
{
    tty->termios.c_lflag &= ~(uint32_t)(ICANON | ECHO | ISIG | IEXTEN);
    tty->termios.c_iflag = 0;
}

static void
on_paper(struct tty *tty)
{
    tty->termios.c_lflag &= ~(uint32_t)(ECHOE | ECHOKE);
}

static void
no_echok(struct tty *tty)
{
    tty->termios.c_lflag &= ~(uint32_t)(ECHOK);
}

static void
other_end(struct tty *tty)
{
    tty->termios.c_cc[VEOL] = ';';
}

static void
newline_return(struct tty *tty)
{
    tty->termios.c_iflag = (tty->termios.c_iflag | INLCR) & ~(uint32_t)ICRNL;
}

static void
seven_bits(struct tty *tty)
{
    tty->termios.c_iflag |= ISTRIP;
}

static void
blanks_for_tabs(struct tty *tty)
{
    tty->termios.c_oflag |= XTABS;
}

/* What is echoed is a return as such. */
static void
newline_for_return(struct tty *tty)
{
    tty->termios.c_iflag &= ~(uint32_t)ICRNL;
    tty->termios.c_lflag &= ~(uint32_t)ECHOCTL;
    tty->termios.c_oflag = OPOST | OCRNL;
}

static void
no_idle_return(struct tty *tty)
{
    newline_for_return(tty);
    tty->termios.c_oflag = OPOST | ONOCR;
}

#define SIGNAL(sig, name, setup, typed, shown, ...)   \
    {                                                 \
        name, setup, typed, shown, {__VA_ARGS__}, sig \
    }
#define SCRIPT(...) SIGNAL(0, __VA_ARGS__)

static const struct script {
    const char *name;
    void (*setup)(struct tty *tty);
    const char *typed;
    const char *shown;
    const char *reads[4]; /* ended by NULL: then nothing more to read */
    int signal;
} scripts[] = {
    SCRIPT("line", NULL, "hello\n", "hello\r\n", "hello\n"),
    SCRIPT("two lines", NULL, "a\nb\n", "a\r\nb\r\n", "a\n", "b\n"),
    SCRIPT("empty line", NULL, "\n", "\r\n", "\n"),
    SCRIPT("no line yet", NULL, "hell", "hell"),
    SCRIPT("return is newline", NULL, "a\r", "a\r\n", "a\n"),
    SCRIPT("return kept", no_icrnl, "a\r\n", "a^M\r\n", "a\r\n"),
    SCRIPT("return ignored", ignore_cr, "a\r\n", "a\r\n", "a\n"),
    SCRIPT("erase", NULL, "ab\177c\n", "ab" WIPE "c\r\n", "ac\n"),
    SCRIPT("erase all", NULL, "ab\x7f\x7f\x7f\n", "ab" WIPE2 "\r\n", "\n"),
    SCRIPT("erase not past newline", NULL, "a\n\177b\n", "a\r\nb\r\n", "a\n",
           "b\n"),
    SCRIPT("erase off", no_erase, "a\x7f\n", "a^?\r\n", "a\x7f\n"),
    SCRIPT("backspace is a character", NULL, "a\b\n", "a^H\r\n", "a\b\n"),
    SCRIPT("erase control", NULL, "\x01\x7f\n", "^A" WIPE2 "\r\n", "\n"),
    SCRIPT("erase 2-byte character", NULL, "\xc3\xa9\x7f\n",
           "\xc3\xa9" WIPE "\r\n", "\n"),
    SCRIPT("erase 3-byte character", NULL, "a\xe2\x82\xac\x7f\n",
           "a\xe2\x82\xac" WIPE "\r\n", "a\n"),
    SCRIPT("erase 4-byte character", NULL, "a\xf0\x9f\x8c\x92\x7f\n",
           "a\xf0\x9f\x8c\x92" WIPE "\r\n", "a\n"),
    SCRIPT("erase before UTF-8", NULL, "x\xc3\xa9\x7f\x7f\n",
           "x\xc3\xa9" WIPE2 "\r\n", "\n"),
    SCRIPT("stray continuation", NULL, "\x80\x7f\n", "\x80\r\n", "\n"),
    SCRIPT("erase without UTF-8", no_utf8, "\xc3\xa9\x7f\n",
           "\xc3\xa9" WIPE "\r\n", "\xc3\n"),
    SCRIPT("erase tab", NULL, "a\t\x7f\n", "a\t" WIPE4 WIPE2 WIPE "\r\n",
           "a\n"),
    SCRIPT("erase tab after prompt", at_prompt, "a\t\x7f\n",
           "abca\t" WIPE4 "\r\n", "a\n"),
    SCRIPT("erase unseen", no_echo, "ab\x7f\n", "", "a\n"),
    SCRIPT("word", NULL, "ls ab_1" CTRL_WORD "x\n", "ls ab_1" WIPE4 "x\r\n",
           "ls x\n"),
    SCRIPT("word behind a sign", NULL, "a-bc-" CTRL_WORD "\n",
           "a-bc-" WIPE2 WIPE "\r\n", "a-\n"),
    SCRIPT("word in UTF-8", NULL, "a \xc3\xa9t\xc3\xa9" CTRL_WORD "\n",
           "a \xc3\xa9t\xc3\xa9" WIPE2 WIPE "\r\n", "a \n"),
    SCRIPT("erase on paper", on_paper, "ab\177\n", "ab^?\r\n", "a\n"),
    SCRIPT("kill on paper", on_paper, "ab" CTRL_KILL "c\n", "ab^U\r\nc\r\n",
           "c\n"),
    SCRIPT("kill without a new line", no_echok, "ab" CTRL_KILL "c\n",
           "ab^Uc\r\n", "c\n"),
    SCRIPT("another end of line", other_end, "a;b\n", "a;b\r\n", "a;", "b\n"),
    SCRIPT("shown again", NULL, "ab" CTRL_AGAIN "c\n", "ab^R\r\nabc\r\n",
           "abc\n"),
    SCRIPT("newline is return", newline_return, "a\r\n", "a^M^M", NULL),
    SCRIPT("seven bits", seven_bits, "\xe1\n", "a\r\n", "a\n"),
    SCRIPT("blanks for tabs", blanks_for_tabs, "a\tb\n", "a       b\r\n",
           "a\tb\n"),
    SCRIPT("newline for return", newline_for_return, "a\rb\n", "a\nb\n",
           "a\rb\n"),
    SCRIPT("no return in column 0", no_idle_return, "\ra\n", "a\n", "\ra\n"),
    SCRIPT("word and blanks", NULL, "ab c  " CTRL_WORD "\n",
           "ab c  " WIPE2 WIPE "\r\n", "ab \n"),
    SCRIPT("word of nothing", NULL, CTRL_WORD "\n", "\r\n", "\n"),
    SCRIPT("word not extended", no_iexten, "a" CTRL_WORD "\n", "a^W\r\n",
           "a" CTRL_WORD "\n"),
    SCRIPT("kill", NULL, "abcd" CTRL_KILL "e\n", "abcd" WIPE4 "e\r\n", "e\n"),
    SCRIPT("kill nothing", NULL, CTRL_KILL "\n", "\r\n", "\n"),
    SCRIPT("kill UTF-8", NULL, "\xc3\xa9\xc3\xa9" CTRL_KILL "\n",
           "\xc3\xa9\xc3\xa9" WIPE2 "\r\n", "\n"),
    SCRIPT("end of file", NULL, CTRL_EOF, "", ""),
    SCRIPT("end of file twice", NULL, CTRL_EOF CTRL_EOF, "", "", ""),
    SCRIPT("end of file pushes", NULL, "ab" CTRL_EOF, "ab", "ab"),
    SCRIPT("end of file behind line", NULL, "a\n" CTRL_EOF, "a\r\n", "a\n", ""),
    SCRIPT("literal", NULL, CTRL_LIT "\x03\n", "^\b^C\r\n", "\x03\n"),
    SCRIPT("literal newline", NULL, "a" CTRL_LIT "\nb\n", "a^\b\r\nb\r\n",
           "a\nb\n"),
    SCRIPT("literal erase", NULL, CTRL_LIT "\x7f\n", "^\b^?\r\n", "\x7f\n"),
    SIGNAL(SIGINT, "interrupt", NULL, "abc\003d\n", "abc^Cd\r\n", "d\n"),
    SIGNAL(SIGQUIT, "quit", NULL, "\x1c", "^\\"),
    SIGNAL(SIGTSTP, "suspend", NULL, "\x1a", "^Z"),
    SIGNAL(SIGINT, "interrupt flushes lines", NULL, "a\n\x03", "a\r\n^C"),
    SCRIPT("no signals", no_isig, "\x03\n", "^C\r\n", "\x03\n"),
    SCRIPT("no echo", no_echo, "secret\n", "", "secret\n"),
    SCRIPT("echo newline only", echo_newline_only, "secret\n", "\r\n",
           "secret\n"),
    SCRIPT("controls as they are", no_echoctl, "\x01\n", "\x01\r\n", "\x01\n"),
    SCRIPT("no output processing", no_opost, "a\n", "a\n", "a\n"),
    SCRIPT("stop and start unseen", NULL, "a\023b\021c\n", "abc\r\n", "abc\n"),
    SCRIPT("stop is a character", no_ixon, "\x13\n", "^S\r\n", "\x13\n"),
    SCRIPT("raw", raw, "\x03\x7f\r\x04", "", "\x03\x7f\r\x04"),
};

static void
test_script(void **state)
{
    const struct script *s = *state;
    struct tty *tty = tty_shim_make();
    if (s->setup)
        s->setup(tty);
    tty_shim_type(tty, s->typed, strlen(s->typed));
    expect_shown(s->shown);
    for (size_t i = 0; i < ARRAY_LEN(s->reads) && s->reads[i]; i++)
        expect_read(tty, s->reads[i]);
    expect_nothing(tty);
    assert_int_equal(tty_shim.nsignals, s->signal != 0);
    if (s->signal) {
        assert_int_equal(tty_shim.signals[0], s->signal);
        assert_int_equal(tty_shim.groups[0], 7);
    }
    tty_put(tty);
}

int
main(void)
{
    static struct CMUnitTest tests[ARRAY_LEN(scripts)];
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        tests[i].name = scripts[i].name;
        tests[i].test_func = test_script;
        tests[i].initial_state = (void *)(uintptr_t)&scripts[i];
    }
    return cmocka_run_group_tests_name("tty_line", tests, NULL, NULL);
}
