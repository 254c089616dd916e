/* login: asks who somebody is and gives them a shell on the terminal. */
#include <account.h>
#include <err.h>
#include <getopt.h>
#include <grp.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char usage[] =
    "usage: login [-f] [USER]\n"
    "Ask for a user and a password, then run the user's shell.\n"
    "  -f  who runs this, and must be root, knows that it is USER\n";

#define TRIES 3

/* Reads who it is into *name, which malloc gave. Ends the program at the end
 * of the input. */
static void
ask_name(char **name, size_t *room)
{
    struct utsname names;
    ssize_t n;

    do {
        printf("%s login: ", uname(&names) == 0 ? names.nodename : "");
        fflush(stdout);
        n = getline(name, room, stdin);
        if (n <= 0)
            exit(1);
        (*name)[strcspn(*name, "\n")] = '\0';
        /* A byte 0 would hide what follows it. */
        if (strlen(*name) + 1 < (size_t)n)
            strlcpy(*name, "?", *room);
    } while (!**name);
}

static bool
is_right(const struct passwd *user)
{
    char *password = "";

    if (!user || account_needs_password(user))
        password = account_ask("Password: ");
    return password && account_check(user, password);
}

/* The terminal becomes the user's: others neither read nor write it. */
static void
take_terminal(const struct passwd *user)
{
    struct group *group = getgrnam("tty");

    if (!isatty(STDIN_FILENO))
        return;
    if (fchown(STDIN_FILENO, user->pw_uid,
               group ? group->gr_gid : user->pw_gid) != 0 ||
        fchmod(STDIN_FILENO, 0620) != 0)
        warn("the terminal");
}

static NORETURN void
run_shell(const struct passwd *user)
{
    char *argv[2] = {NULL, NULL};

    take_terminal(user);
    account_become(user);
    account_set_environment(user, true);
    if (chdir(user->pw_dir) != 0) {
        warn("%s", user->pw_dir);
        if (chdir("/") != 0)
            err(1, "/");
    }
    account_run_shell(user, true, argv);
}

int
main(int argc, char **argv)
{
    bool known = false;
    char *name = NULL;
    size_t room = 0;
    int c;

    while ((c = prog_option(argc, argv, "f", usage)) != -1)
        known = true;
    if (getuid() != 0 || geteuid() != 0)
        errx(1, "only root can let others in");
    setvbuf(stdin, NULL, _IONBF, 0); /* the password is not to be in it */
    if (argv[optind])
        name = strdup(argv[optind]);
    for (int i = 0; i < TRIES; i++) {
        if (!name)
            ask_name(&name, &room);
        struct passwd *user = getpwnam(name);
        if (user && (known || is_right(user)))
            run_shell(user);
        if (!user && !known)
            (void)!is_right(NULL);
        sleep(1); /* who guesses, guesses slowly */
        puts("Login incorrect");
        free(name);
        name = NULL;
        known = false;
    }
    return 1;
}
