/* ln: gives files more names. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: ln [-finsTv] TARGET [NAME]\n"
    "       ln [-finsv] TARGET... DIR\n"
    "Make NAME, or names in DIR (. if there is none), for TARGETs.\n"
    "  -s  symbolic links           -f  in place of what is there\n"
    "  -n  a DIR that is a link is what is there   -i  but ask first\n"
    "  -T  NAME is never a DIR      -v  say what was made\n";

static bool symbolic, force, ask, no_follow, verbose;

/* Whether a link to target called name would cost the file itself: with a
 * symbolic one, that is so if the file has no other name. */
static bool
would_lose(const char *target, const char *name)
{
    struct stat a, b;

    return lstat(target, &a) == 0 && lstat(name, &b) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
           (!symbolic || a.st_nlink == 1);
}

/* Makes way for a link called name. */
static bool
make_way(const char *target, const char *name)
{
    struct stat st;

    if (lstat(name, &st) != 0)
        return true;
    if (would_lose(target, name)) {
        warnx("%s and %s are the same file", target, name);
        return false;
    }
    if (ask && !prog_ask("replace %s? ", name))
        return false;
    if (unlink(name) == 0 || errno == ENOENT)
        return true;
    warn("%s", name);
    return false;
}

static int
try_link(const char *target, const char *name)
{
    return symbolic ? symlink(target, name) : link(target, name);
}

static bool
make_link(const char *target, const char *name)
{
    int result = try_link(target, name);

    if (result != 0 && errno == EEXIST && (force || ask)) {
        if (!make_way(target, name))
            return false;
        result = try_link(target, name);
    }
    if (result != 0) {
        /* A symbolic link's target need not be there. */
        if (symbolic || errno == EEXIST)
            warn("%s", name);
        else
            warn("%s to %s", name, target);
        return false;
    }
    if (verbose)
        printf("%s %s %s\n", name, symbolic ? "->" : "=>", target);
    return true;
}

/* Whether links are to be made in path. */
static bool
is_container(const char *path)
{
    struct stat st;

    if (no_follow && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        return false;
    return prog_is_directory(path);
}

int
main(int argc, char **argv)
{
    char *operands[] = {NULL, (char *)"."};
    bool plain = false;
    int c;

    while ((c = prog_option(argc, argv, "finsTv", usage)) != -1) {
        symbolic |= c == 's';
        no_follow |= c == 'n';
        plain |= c == 'T';
        verbose |= c == 'v';
        /* The last one of -f and -i counts. */
        if (c == 'f' || c == 'i') {
            force = c == 'f';
            ask = c == 'i';
        }
    }
    argv += optind;
    argc -= optind;
    if (argc == 0 || (plain && argc != 2))
        prog_usage(usage);
    if (argc == 1) {
        operands[0] = argv[0];
        argv = operands;
        argc = 2;
    }
    prog_exit(!prog_each_source(
        argv, argc, !plain && is_container(argv[argc - 1]), make_link));
}
