/* df: shows how much room there is on file systems. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <mounts.h>
#include <prog.h>
#include <size.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

static const char usage[] =
    "usage: df [-ahikT] [FILE...]\n"
    "Show how many KiB there are on mounted file systems, or on those that\n"
    "FILEs are on.\n"
    "  -a  also those that have no room at all   -h  short: 4.0K, 12M\n"
    "  -i  inodes, not KiB                       -T  with their types\n";

static bool all, human, inodes, types;

static void
show_head(void)
{
    printf("%-14s ", "Filesystem");
    if (types)
        printf("%-10s ", "Type");
    printf("%10s %10s %10s %5s Mounted on\n",
           inodes  ? "Inodes"
           : human ? "Size"
                   : "1K-blocks",
           "Used", inodes ? "Free" : "Available", "Use%");
}

/* Prints a number of units of so many bytes, or of inodes. */
static void
show_number(uint64_t n, uint64_t unit)
{
    char text[8];

    size_human(n * unit, text);
    if (human)
        printf("%10s ", text);
    else
        printf("%10lu ", (unsigned long)(inodes ? n : n * unit / 1024));
}

static void
show(const struct mount_line *m, const struct statfs *fs)
{
    uint64_t unit =
        inodes ? 1 : (uint64_t)(fs->f_frsize ? fs->f_frsize : fs->f_bsize);
    uint64_t have = inodes ? fs->f_files : fs->f_blocks;
    uint64_t free_ = inodes ? fs->f_ffree : fs->f_bfree;
    uint64_t open_ = inodes ? fs->f_ffree : fs->f_bavail; /* to everybody */
    uint64_t used = have - free_, base = used + open_;

    printf("%-14s ", m->device);
    if (types)
        printf("%-10s ", m->type);
    show_number(have, unit);
    show_number(used, unit);
    show_number(open_, unit);
    if (base == 0)
        printf("%5s", "-");
    else /* rounded up, so that 100% is full */
        printf("%4lu%%", (unsigned long)((used * 100 + base - 1) / base));
    printf(" %s\n", m->directory);
}

static FILE *
open_mounts(void)
{
    FILE *f = fopen("/proc/mounts", "r");

    if (!f)
        err(1, "/proc/mounts");
    return f;
}

static void
show_all(void)
{
    FILE *f = open_mounts();
    struct mount_line m;
    struct statfs fs;

    while (mounts_next(f, &m))
        if (statfs(m.directory, &fs) != 0)
            warn("%s", m.directory);
        else if (all || fs.f_blocks > 0)
            show(&m, &fs);
    fclose(f);
}

/* Shows the file system path is on. */
static bool
show_one(const char *path)
{
    FILE *f = open_mounts();
    struct mount_line m;
    struct stat st, there;
    struct statfs fs;
    bool found = false;

    if (stat(path, &st) != 0 || statfs(path, &fs) != 0) {
        warn("%s", path);
        fclose(f);
        return false;
    }
    while (!found && mounts_next(f, &m))
        found = stat(m.directory, &there) == 0 && there.st_dev == st.st_dev;
    if (!found)
        m = (struct mount_line){.device = (char *)"-",
                                .type = (char *)"-",
                                .directory = (char *)path};
    show(&m, &fs);
    fclose(f);
    return true;
}

int
main(int argc, char **argv)
{
    bool good = true;
    int c;

    while ((c = prog_option(argc, argv, "ahikT", usage)) != -1) {
        all |= c == 'a';
        if (c == 'h' || c == 'k')
            human = c == 'h';
        inodes |= c == 'i';
        types |= c == 'T';
    }
    show_head();
    if (optind == argc)
        show_all();
    for (; optind < argc; optind++)
        good &= show_one(argv[optind]);
    prog_exit(!good);
}
