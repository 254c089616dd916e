/* umount: takes file systems off the tree. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <mounts.h>
#include <prog.h>
#include <resolve.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

static const char usage[] =
    "usage: umount [-flr] DIR|DEVICE...\n"
    "       umount -a [-flr]\n"
    "Take what is mounted on DIR, or on DEVICE, off the tree, with all that\n"
    "was written on the disk.\n"
    "  -a  all but the root    -f  though a device does not answer\n"
    "  -l  at once, though it is used; it goes when it no longer is\n"
    "  -r  make it read-only if it cannot be taken off\n";

static int flags;
static bool or_read_only;

/* Directories that something is mounted on, the last one on top. */
static char **directories;
static size_t count;

/* Reads the list of mounts: all of them, or those that name stands for. */
static void
find_mounts(const char *name)
{
    FILE *f = fopen("/proc/mounts", "r");
    struct mount_line m;

    if (!f)
        err(1, "/proc/mounts");
    count = 0;
    while (mounts_next(f, &m)) {
        if (name && strcmp(m.device, name) != 0 &&
            strcmp(m.directory, name) != 0)
            continue;
        directories =
            prog_realloc(directories, (count + 1) * sizeof(*directories));
        directories[count++] = prog_format("%s", m.directory);
    }
    fclose(f);
}

static bool
take_off(const char *directory)
{
    int error;

    if (umount2(directory, flags) == 0)
        return true;
    error = errno;
    if (or_read_only && error == EBUSY &&
        mount("", directory, "", MS_REMOUNT | MS_RDONLY, NULL) == 0) {
        warnx("%s: is used, and can only be read now", directory);
        return true;
    }
    errno = error;
    warn("%s", directory);
    return false;
}

static bool
take_off_all(void)
{
    bool good = true;

    find_mounts(NULL);
    while (count > 0)
        if (strcmp(directories[--count], "/") != 0)
            good &= take_off(directories[count]);
    return good;
}

static bool
take_off_one(const char *name)
{
    char *path = resolve_path(name, RESOLVE_NONE);

    if (!path) {
        warn("%s", name);
        return false;
    }
    find_mounts(path);
    /* The kernel knows best whether a directory that is not listed is free. */
    if (count > 0)
        return take_off(directories[count - 1]);
    return take_off(path);
}

int
main(int argc, char **argv)
{
    bool all = false, good = true;
    int c;

    while ((c = prog_option(argc, argv, "aflr", usage)) != -1) {
        all |= c == 'a';
        flags |= c == 'f' ? MNT_FORCE : c == 'l' ? MNT_DETACH : 0;
        or_read_only |= c == 'r';
    }
    if (all == (optind < argc))
        prog_usage(usage);
    if (all)
        prog_exit(!take_off_all());
    for (; optind < argc; optind++)
        good &= take_off_one(argv[optind]);
    prog_exit(!good);
}
