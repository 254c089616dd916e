/* mkdir: makes directories. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <mode.h>
#include <prog.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: mkdir [-pv] [-m MODE] DIR...\n"
    "Make directories.\n"
    "  -m  with these permissions, in octal or as u=rwx,go=\n"
    "  -p  and those above them that lack; what exists is no error\n"
    "  -v  say what was made\n";

static bool parents, verbose;

/* With may_exist, a directory that is there already is as good. */
static bool
make(const char *path, mode_t mode, bool may_exist)
{
    if (mkdir(path, mode) == 0) {
        if (verbose)
            printf("made %s\n", path);
        return true;
    }
    /* Whatever the reason was: on a read-only disk it need not be EEXIST. */
    int error = errno;
    if (may_exist && prog_is_directory(path))
        return true;
    errno = error;
    warn("%s", path);
    return false;
}

/* Makes what path leads through; the user can always go on in there. */
static bool
make_above(char *path, mode_t mask)
{
    bool good = true;

    umask(mask & ~0300u);
    for (char *s = path + strspn(path, "/"); good && (s = strchr(s, '/'));) {
        if (!s[strspn(s, "/")])
            break;
        *s = '\0';
        good = make(path, 0777, true);
        *s = '/';
        s += strspn(s, "/");
    }
    umask(mask);
    return good;
}

int
main(int argc, char **argv)
{
    const char *mode_text = NULL;
    mode_t mask = umask(0), mode = 0777;
    bool good = true;
    int c;

    umask(mask);
    while ((c = prog_option(argc, argv, "m:pv", usage)) != -1) {
        if (c == 'm')
            mode_text = optarg;
        parents |= c == 'p';
        verbose |= c == 'v';
    }
    if (optind == argc)
        prog_usage(usage);
    if (mode_text)
        mode = mode_of(mode_text, 0777, true);
    for (; optind < argc; optind++) {
        char *path = argv[optind];
        bool existed = parents && prog_is_directory(path);
        if (existed)
            continue;
        if ((parents && !make_above(path, mask)) ||
            !make(path, mode, parents)) {
            good = false;
        } else if (mode_text && chmod(path, mode) != 0) {
            warn("%s", path);
            good = false;
        }
    }
    prog_exit(!good);
}
