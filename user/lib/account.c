#include <account.h>
#include <crypt.h>
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <prog.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define INTERRUPT 3 /* ^C */

/* Reads one line; the rest of one that is too long is dropped. */
static ssize_t
read_line(int fd, char *to, size_t size)
{
    size_t used = 0;
    char c;

    for (;;) {
        if (read(fd, &c, 1) != 1)
            return used > 0 ? (ssize_t)used : -1;
        if (c == '\n')
            return (ssize_t)used;
        if (used < size)
            to[used++] = c;
    }
}

/* ^C is an ordinary byte here, so that the terminal is never left silent. */
char *
account_ask(const char *prompt)
{
    static char line[257];
    struct termios before, silent;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    bool own = fd >= 0;

    if (!own)
        fd = STDIN_FILENO;
    bool terminal = tcgetattr(fd, &before) == 0;
    if (terminal) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
        silent.c_lflag |= ICANON | ECHONL;
        tcsetattr(fd, TCSAFLUSH, &silent);
    }
    dprintf(own ? fd : STDERR_FILENO, "%s", prompt);
    ssize_t n = read_line(fd, line, sizeof(line) - 1);
    if (terminal)
        tcsetattr(fd, TCSANOW, &before);
    if (own)
        close(fd);
    if (n < 0 || n == sizeof(line) - 1 || memchr(line, INTERRUPT, (size_t)n))
        return NULL;
    line[n] = '\0';
    /* A byte 0 would hide what follows it. */
    return strlen(line) == (size_t)n ? line : NULL;
}

/* The hash that a password must give; it never is NULL. */
static const char *
hash_of(const struct passwd *user)
{
    const struct spwd *shadow;

    if (!user)
        return "*";
    if (strcmp(user->pw_passwd, "x") != 0)
        return user->pw_passwd;
    shadow = getspnam(user->pw_name);
    return shadow ? shadow->sp_pwdp : "*";
}

bool
account_needs_password(const struct passwd *user)
{
    return hash_of(user)[0] != '\0';
}

bool
account_check(const struct passwd *user, const char *password)
{
    char *wanted = prog_format("%s", hash_of(user));
    const char *got = crypt(password, wanted);
    unsigned difference = 0;

    if (!got) {
        (void)!crypt(password, "$6$nobody$"); /* time passes */
        difference = *wanted != '\0' || *password != '\0';
    } else {
        difference = strlen(got) != strlen(wanted);
        for (size_t i = 0; !difference && wanted[i]; i++)
            difference |= (unsigned)(got[i] ^ wanted[i]);
    }
    free(wanted);
    return difference == 0;
}

void
account_become(const struct passwd *user)
{
    if (initgroups(user->pw_name, user->pw_gid) != 0 ||
        setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        err(1, "cannot become %s", user->pw_name);
}

static const char *
shell_of(const struct passwd *user)
{
    return *user->pw_shell ? user->pw_shell : "/bin/sh";
}

void
account_set_environment(const struct passwd *user, bool fresh)
{
    char *term = getenv("TERM");

    if (fresh) {
        static char *none[] = {NULL};
        term = prog_format("%s", term ? term : "vt100");
        environ = none;
        setenv("TERM", term, 1);
        setenv("PATH", "/bin:/sbin", 1);
        free(term);
    }
    setenv("HOME", user->pw_dir, 1);
    setenv("SHELL", shell_of(user), 1);
    setenv("USER", user->pw_name, 1);
    setenv("LOGNAME", user->pw_name, 1);
}

void
account_run_shell(const struct passwd *user, bool login, char **argv)
{
    const char *shell = shell_of(user);
    char *last = prog_last_part(shell);

    argv[0] = prog_format("%s%s", login ? "-" : "", last);
    execv(shell, argv);
    err(126, "%s", shell);
}
