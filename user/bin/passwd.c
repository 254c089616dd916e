/* passwd: changes a password. */
#include <account.h>
#include <crypt.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHADOW "/etc/shadow"
#define FRESH  "/etc/shadow+"
#define LOCK   "/etc/.pwd.lock"

static const char usage[] =
    "usage: passwd [-d|-l] [USER]\n"
    "Change your own password, or, for root, that of any USER.\n"
    "  -d  none is needed any more (root only)\n"
    "  -l  none fits any more (root only)\n";

/* Asks twice for a new one. Returns its hash, or ends the program. */
static const char *
ask_hash(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz./"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char bytes[16];
    char setting[32] = "$6$";
    char *typed = account_ask("New password: ");

    if (!typed || !*typed)
        errx(1, "unchanged");
    char *first = prog_format("%s", typed);
    typed = account_ask("Again: ");
    if (!typed || strcmp(first, typed) != 0)
        errx(1, "they differ; unchanged");
    free(first);
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        err(1, "getrandom");
    for (size_t i = 0; i < sizeof(bytes); i++)
        setting[3 + i] = letters[bytes[i] % 64];
    return crypt(typed, setting);
}

/* Writes the line with another hash, if it is that of the user. */
static bool
write_line(FILE *to, const char *line, const char *name, const char *hash)
{
    size_t len = strlen(name);
    bool its = strncmp(line, name, len) == 0 && line[len] == ':';

    if (!its) {
        fputs(line, to);
        return false;
    }
    line += len + 1;
    line += strcspn(line, ":\n");
    fprintf(to, "%s:%s%s", name, hash, *line == ':' ? line : ":::::::\n");
    return true;
}

/* Copies all lines; a user who has none gets one. */
static void
copy(FILE *from, FILE *to, const char *name, const char *hash)
{
    char *line = NULL;
    size_t room = 0;
    bool done = false;
    ssize_t n;

    while ((n = getline(&line, &room, from)) > 0) {
        if (strlen(line) != (size_t)n)
            errx(1, "%s is damaged", SHADOW);
        done |= write_line(to, line, name, hash);
        if (line[n - 1] != '\n')
            putc('\n', to);
    }
    if (!done)
        fprintf(to, "%s:%s:::::::\n", name, hash);
    free(line);
    if (ferror(from) || fflush(to) != 0 || ferror(to) || fsync(fileno(to)) != 0)
        err(1, "%s", FRESH);
}

/* Nobody is to stop this while all others wait: neither by kill, to which
 * root's processes are open for root only, nor from the terminal. */
static void
be_undisturbed(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGALRM};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_IGN);
    if (setuid(0) != 0)
        err(1, "setuid");
}

/* Replaces the file at once, so that a power cut leaves the old one or the
 * new one; who comes second waits. */
static void
change(const char *name, const char *hash)
{
    be_undisturbed();
    int lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, (mode_t)0600);

    if (lock < 0 || flock(lock, LOCK_EX) != 0)
        err(1, "%s", LOCK);
    FILE *from = fopen(SHADOW, "re");
    int fd = open(FRESH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                  (mode_t)0600);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    if (!from || !to)
        err(1, "%s", from ? FRESH : SHADOW);
    copy(from, to, name, hash);
    if (fclose(to) != 0 || rename(FRESH, SHADOW) != 0)
        err(1, "%s", SHADOW);
    fclose(from);
    int dir = open("/etc", O_RDONLY | O_DIRECTORY);
    if (dir < 0 || fsync(dir) != 0)
        err(1, "/etc");
    close(dir);
    close(lock);
}

/* Ends the program unless who runs it may change user's password. */
static void
authenticate(const struct passwd *user)
{
    if (getuid() == 0)
        return;
    if (user->pw_uid != getuid())
        errx(1, "only root changes the passwords of others");
    char *password = "";
    if (account_needs_password(user))
        password = account_ask("Current password: ");
    if (password && account_check(user, password))
        return;
    sleep(1); /* who guesses, guesses slowly */
    errx(1, "Authentication failure");
}

int
main(int argc, char **argv)
{
    char option = 0;
    int c;

    while ((c = prog_option(argc, argv, "dl", usage)) != -1)
        option = (char)c;
    struct passwd *user =
        argv[optind] ? getpwnam(argv[optind]) : getpwuid(getuid());
    if (!user)
        errx(1, "no such user");
    if (option && getuid() != 0)
        errx(1, "only root can do that");
    authenticate(user);
    umask(077);
    change(user->pw_name, option == 'd'   ? ""
                          : option == 'l' ? "!"
                                          : ask_hash());
    prog_exit(0);
}
