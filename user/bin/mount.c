/* mount: adds file systems to the tree, or lists what is mounted. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <mounts.h>
#include <prog.h>
#include <resolve.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/mount.h>

static const char usage[] =
    "usage: mount [-rw] [-t TYPE] [-o OPTIONS] DEVICE DIR\n"
    "       mount [-o OPTIONS] DEVICE|DIR\n"
    "       mount [-a]\n"
    "Mount the file system on DEVICE on DIR. One of the two is enough if\n"
    "/etc/fstab has the other, or with -o remount, which changes the options\n"
    "of what is mounted. Without names, list what is mounted.\n"
    "  -a  all that /etc/fstab has        -r, -w  as -o ro, -o rw\n"
    "  -t  type of the file system; eclipsefs if it is not given\n"
    "  -o  ro, rw, remount, sync, noatime, relatime, noexec, nosuid, nodev,\n"
    "      with commas between\n";

/* What an option sets in the flags, or clears. */
static const struct {
    const char *name;
    unsigned long flag;
    bool clears;
} known[] = {
    {"ro", MS_RDONLY, false},
    {"rw", MS_RDONLY, true},
    {"remount", MS_REMOUNT, false},
    {"sync", MS_SYNCHRONOUS, false},
    {"async", MS_SYNCHRONOUS, true},
    {"noatime", MS_NOATIME, false},
    {"atime", MS_NOATIME, true},
    {"relatime", MS_RELATIME, false},
    {"noexec", MS_NOEXEC, false},
    {"exec", MS_NOEXEC, true},
    {"nosuid", MS_NOSUID, false},
    {"suid", MS_NOSUID, true},
    {"nodev", MS_NODEV, false},
    {"dev", MS_NODEV, true},
    {"defaults", 0, false},
    {"auto", 0, false},
    {"noauto", 0, false},
};

/* What to mount, and how. Text is from malloc. */
struct request {
    char *device, *directory, *type;
    unsigned long flags;
    char *data; /* options that only the file system knows */
};

static void
add_option(struct request *r, const char *name)
{
    char *data;

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(known[i].name, name) == 0) {
            if (known[i].clears)
                r->flags &= ~known[i].flag;
            else
                r->flags |= known[i].flag;
            return;
        }
    data =
        prog_format("%s%s%s", r->data ? r->data : "", r->data ? "," : "", name);
    free(r->data);
    r->data = data;
}

static void
add_options(struct request *r, const char *list)
{
    char *copy = prog_format("%s", list), *rest = copy, *name;

    while ((name = strsep(&rest, ",")))
        if (*name)
            add_option(r, name);
    free(copy);
}

static FILE *
open_list(const char *path)
{
    FILE *f = fopen(path, "r");

    if (!f)
        err(1, "%s", path);
    return f;
}

static void
list(void)
{
    FILE *f = open_list("/proc/mounts");
    struct mount_line m;

    while (mounts_next(f, &m))
        printf("%s on %s type %s (%s)\n", m.device, m.directory, m.type,
               m.options);
    fclose(f);
}

/* Fills in, from a list of mounts, what has this name. */
static bool
look_up(struct request *r, const char *path, const char *name)
{
    FILE *f = open_list(path);
    struct mount_line m;
    bool found = false;

    /* The last one of several is on top. */
    while (mounts_next(f, &m)) {
        if (strcmp(m.device, name) != 0 && strcmp(m.directory, name) != 0)
            continue;
        found = true;
        free(r->device);
        free(r->directory);
        free(r->type);
        r->device = prog_format("%s", m.device);
        r->directory = prog_format("%s", m.directory);
        r->type = prog_format("%s", m.type);
        r->flags = 0;
        add_options(r, m.options);
    }
    fclose(f);
    return found;
}

/* 0, or -1 with errno set. What can only be read is mounted so. */
static int
carry_out(const struct request *r)
{
    int result = mount(r->device, r->directory, r->type, r->flags, r->data);

    if (result == 0 || (errno != EROFS && errno != EACCES) ||
        (r->flags & (MS_RDONLY | MS_REMOUNT)))
        return result;
    result =
        mount(r->device, r->directory, r->type, r->flags | MS_RDONLY, r->data);
    if (result == 0)
        warnx("%s: can only be read, and is mounted so", r->device);
    return result;
}

static bool
do_mount(const struct request *r)
{
    if (carry_out(r) == 0)
        return true;
    warn("%s on %s", r->device, r->directory);
    return false;
}

static bool
is_mounted(const char *directory)
{
    FILE *f = open_list("/proc/mounts");
    struct mount_line m;
    bool found = false;

    while (!found && mounts_next(f, &m))
        found = strcmp(m.directory, directory) == 0;
    fclose(f);
    return found;
}

static bool
mount_all(void)
{
    FILE *f = open_list("/etc/fstab");
    struct mount_line m;
    bool good = true;

    while (mounts_next(f, &m)) {
        struct request r = {0};
        bool wanted = !mounts_has_option(m.options, "noauto") &&
                      strcmp(m.type, "swap") != 0;
        /* is_mounted reads a list too, and m is in the same buffer. */
        r.device = prog_format("%s", m.device);
        r.directory = prog_format("%s", m.directory);
        r.type = prog_format("%s", m.type);
        add_options(&r, m.options);
        if (wanted && !is_mounted(r.directory))
            good &= do_mount(&r);
    }
    fclose(f);
    return good;
}

/* Fills in what the operands name, with the help of the lists of mounts if
 * there is only one, or if something mounted is to be changed. */
static void
read_operands(struct request *r, char **operands, int count, bool remount)
{
    const char *last = operands[count - 1];
    char *path;

    if (count == 2 && !remount) {
        r->device = operands[0];
        r->directory = operands[1];
        r->type = (char *)"eclipsefs";
        return;
    }
    path = resolve_path(last, RESOLVE_ANY);
    if (!path)
        err(1, "%s", last);
    if (!look_up(r, remount ? "/proc/mounts" : "/etc/fstab", path))
        errx(1, "%s: is not %s", last, remount ? "mounted" : "in /etc/fstab");
    free(path);
}

int
main(int argc, char **argv)
{
    char *options = prog_format("%s", ""), *more;
    struct request r = {0};
    const char *type = NULL;
    bool all = false;
    int c;

    while ((c = prog_option(argc, argv, "ao:rt:w", usage)) != -1) {
        all |= c == 'a';
        if (c == 't')
            type = optarg;
        if (c == 'a' || c == 't')
            continue;
        more = prog_format("%s,%s", options,
                           c == 'o'   ? optarg
                           : c == 'r' ? "ro"
                                      : "rw");
        free(options);
        options = more;
    }
    if (argc - optind > (all ? 0 : 2))
        prog_usage(usage);
    if (all)
        prog_exit(!mount_all());
    if (optind == argc) {
        list();
        prog_exit(0);
    }
    read_operands(&r, argv + optind, argc - optind,
                  mounts_has_option(options, "remount"));
    if (type)
        r.type = (char *)type;
    add_options(&r, options);
    prog_exit(!do_mount(&r));
}
