/* mv: moves files and gives them other names. */
#include <copy.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <remove.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: mv [-finTv] SOURCE TARGET\n"
    "       mv [-finv] SOURCE... DIR\n"
    "Rename SOURCE to TARGET, or move SOURCEs into DIR; to another file\n"
    "system by copying.\n"
    "  -f  never ask   -i  ask before overwriting   -n  leave what exists\n"
    "  -T  TARGET is never a DIR                    -v  say what is done\n";

static bool force, ask, no_clobber, plain, verbose;

/* Whether to, which has the attributes st, may be lost. */
static bool
may_overwrite(const char *to, const struct stat *st)
{
    if (ask)
        return prog_ask("overwrite %s? ", to);
    if (force || S_ISLNK(st->st_mode) || !isatty(STDIN_FILENO) ||
        access(to, W_OK) == 0 || errno != EACCES)
        return true;
    return prog_ask("overwrite %s, which is write-protected? ", to);
}

/* Takes away what a copy cannot be written over. */
static bool
make_way(const char *to, const struct stat *st)
{
    if ((S_ISDIR(st->st_mode) ? rmdir(to) : unlink(to)) == 0)
        return true;
    warn("%s", to);
    return false;
}

/* Moves to another file system; old describes what is at to, or is NULL. */
static bool
move_by_copy(const char *from, const char *to, const struct stat *old)
{
    static struct copy how = {
        .recursive = true, .attributes = true, .names = true};
    static const struct remove_options all = {.recursive = true, .force = true};

    if (old && !make_way(to, old))
        return false;
    return copy_path(&how, from, to) && remove_path(&all, from);
}

/* Complains about a rename that failed, in words that say what to change. */
static void
complain(const char *from, const char *to, const struct stat *old)
{
    if (errno == EINVAL)
        warnx("%s: cannot be moved into itself, to %s", from, to);
    else if (errno == ENOTDIR && old && !S_ISDIR(old->st_mode))
        warnx("%s: is not a directory, as %s is", to, from);
    else if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST ||
             (errno == EBUSY && old))
        warn("%s", to);
    else
        warn("%s to %s", from, to);
}

static bool
same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether to, which is there, is from (which is st) itself, or what the link
 * from leads to: it would be lost. */
static bool
same_file(const char *from, const struct stat *st, const struct stat *to)
{
    struct stat target;

    return same_inode(st, to) ||
           (S_ISLNK(st->st_mode) && stat(from, &target) == 0 &&
            same_inode(&target, to));
}

static bool
move_to(const char *from, const char *to)
{
    struct stat st, target;
    const struct stat *old = lstat(to, &target) == 0 ? &target : NULL;

    if (lstat(from, &st) != 0) {
        warn("%s", from);
        return false;
    }
    if (old && no_clobber)
        return true;
    if (old && same_file(from, &st, old)) {
        warnx("%s and %s are the same file", from, to);
        return false;
    }
    if (old && !may_overwrite(to, old))
        return true;
    if (rename(from, to) != 0) {
        if (errno != EXDEV) {
            complain(from, to, old);
            return false;
        }
        if (old && S_ISDIR(st.st_mode) != S_ISDIR(old->st_mode)) {
            errno = S_ISDIR(st.st_mode) ? ENOTDIR : EISDIR;
            complain(from, to, old);
            return false;
        }
        if (!move_by_copy(from, to, old))
            return false;
    }
    if (verbose)
        printf("%s -> %s\n", from, to);
    return true;
}

static void
set_option(int letter)
{
    plain |= letter == 'T';
    verbose |= letter == 'v';
    /* The last one of these counts. */
    if (letter == 'f' || letter == 'i' || letter == 'n') {
        force = letter == 'f';
        ask = letter == 'i';
        no_clobber = letter == 'n';
    }
}

int
main(int argc, char **argv)
{
    bool into;
    int c;

    while ((c = prog_option(argc, argv, "finTv", usage)) != -1)
        set_option(c);
    argv += optind;
    argc -= optind;
    if (argc < 2 || (plain && argc != 2))
        prog_usage(usage);
    into = !plain && prog_is_directory(argv[argc - 1]);
    prog_exit(!prog_each_source(argv, argc, into, move_to));
}
