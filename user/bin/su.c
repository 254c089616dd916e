/* su: runs a shell as another user, who must be asked for the password. */
#include <account.h>
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: su [-l] [-c COMMAND] [-] [USER [ARGUMENT...]]\n"
    "Run the shell of USER, root if none is named, as USER.\n"
    "  -c  run COMMAND instead of reading the terminal\n"
    "  -l  or -: as after a login, in USER's directory\n";

/* Ends the program unless who runs it may be user. */
static void
authenticate(const struct passwd *user)
{
    if (getuid() == 0)
        return;
    char *password = "";
    if (!user || account_needs_password(user))
        password = account_ask("Password: ");
    if (password && account_check(user, password))
        return;
    sleep(1); /* who guesses, guesses slowly */
    errx(1, "Authentication failure");
}

int
main(int argc, char **argv)
{
    bool login = false;
    char *command = NULL;
    const char *name = "root";
    int c;

    while ((c = prog_option(argc, argv, "lc:", usage)) != -1) {
        login |= c == 'l';
        if (c == 'c')
            command = optarg;
    }
    argv += optind;
    if (*argv && strcmp(*argv, "-") == 0) {
        login = true;
        argv++;
    }
    if (*argv)
        name = *argv++;
    struct passwd *user = getpwnam(name);
    if (!user && getuid() == 0)
        errx(1, "%s: no such user", name);
    authenticate(user);
    account_become(user);
    account_set_environment(user, login);
    if (login && chdir(user->pw_dir) != 0)
        warn("%s", user->pw_dir);

    /* The shell's own name, -c COMMAND, what is left, and NULL. */
    char **shell = prog_realloc(NULL, sizeof(*shell) * (size_t)(argc + 4));
    int n = 1;
    if (command) {
        shell[n++] = (char *)"-c";
        shell[n++] = command;
    }
    while ((shell[n++] = *argv++))
        ;
    account_run_shell(user, login, shell);
}
