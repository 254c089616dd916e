/* chmod: changes permissions. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <mode.h>
#include <prog.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <walk.h>

static const char usage[] =
    "usage: chmod [-fRv] MODE FILE...\n"
    "Change the permissions of FILEs to MODE: in octal, or changes such as\n"
    "u+w,go=rx or a-x (u user, g group, o others, a all).\n"
    "  -R  of all below directories too   -v  say what is changed\n"
    "  -f  no complaints\n";

static bool recursive, quiet, verbose;
static int status;

static void
complain(const char *path, int error)
{
    errno = error;
    if (!quiet)
        warn("%s", path);
    status = 1;
}

static void
change(const struct walk_entry *e, const char *text)
{
    mode_t mode = mode_of(text, e->st.st_mode, S_ISDIR(e->st.st_mode));

    /* Links met on the way have no permissions, and lead elsewhere. */
    if (S_ISLNK(e->st.st_mode) && e->depth > 0)
        return;
    if (fchmodat(e->dir, e->name, mode, 0) != 0)
        complain(e->path, errno);
    else if (verbose)
        printf("%s: %04o, was %04o\n", e->path, mode, e->st.st_mode & 07777);
}

static void
change_all(const char *path, const char *text)
{
    struct walk *w = walk_open(path, WALK_FOLLOW_FIRST);
    struct walk_entry *e;

    while ((e = walk_next(w))) {
        if (e->kind == WALK_ERROR)
            complain(e->path, e->error);
        else if (e->kind != WALK_DIR_END)
            change(e, text);
        if (e->kind == WALK_DIR && !recursive)
            walk_skip(w);
    }
    walk_close(w);
}

/* Whether a word is a mode such as -w, and not an option. */
static bool
is_removal(const char *word)
{
    mode_t mode;

    return word && word[0] == '-' && word[1] && strchr("rwxXstugo", word[1]) &&
           mode_parse(word, 0, false, 0, &mode);
}

int
main(int argc, char **argv)
{
    const char *mode;
    int c;

    while (!is_removal(argv[optind]) &&
           (c = prog_option(argc, argv, "fRv", usage)) != -1) {
        quiet |= c == 'f';
        recursive |= c == 'R';
        verbose |= c == 'v';
    }
    if (argc - optind < 2)
        prog_usage(usage);
    mode = argv[optind++];
    mode_of(mode, 0, false); /* a wrong one is found before anything changes */
    for (; optind < argc; optind++)
        change_all(argv[optind], mode);
    prog_exit(status);
}
