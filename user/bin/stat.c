/* stat: shows all that is known about files. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <sys/stat.h>
#include <time.h>

static const char usage[] = "usage: stat [-L] FILE...\n"
                            "Show the attributes of FILEs; -L follows "
                            "symbolic links.\n";

static void
show_time(const char *what, const struct timespec *t)
{
    char text[32];

    strftime(text, sizeof(text), "%F %T", gmtime(&t->tv_sec));
    printf("%s: %s.%09ld +0000\n", what, text, (long)t->tv_nsec);
}

static const char *
type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "regular file";
    case S_IFDIR:
        return "directory";
    case S_IFLNK:
        return "symbolic link";
    case S_IFCHR:
        return "character device";
    case S_IFBLK:
        return "block device";
    case S_IFIFO:
        return "fifo";
    case S_IFSOCK:
        return "socket";
    default:
        return "unknown";
    }
}

static void
show(const char *path, const struct stat *st)
{
    char mode[11];

    mode_string(st->st_mode, mode);
    printf("  File: %s\n", path);
    printf("  Size: %-10ld Blocks: %-8ld Block size: %-6d %s\n",
           (long)st->st_size, (long)st->st_blocks, st->st_blksize,
           type_name(st->st_mode));
    printf("Device: %lu,%-8lu Inode: %-9lu Links: %u",
           (unsigned long)MAJOR(st->st_dev), (unsigned long)MINOR(st->st_dev),
           (unsigned long)st->st_ino, st->st_nlink);
    if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
        printf("     Device type: %lu,%lu", (unsigned long)MAJOR(st->st_rdev),
               (unsigned long)MINOR(st->st_rdev));
    printf("\n  Mode: %04o/%s  Uid: %u  Gid: %u\n", st->st_mode & 07777, mode,
           st->st_uid, st->st_gid);
    show_time("Access", &st->st_atim);
    show_time("Modify", &st->st_mtim);
    show_time("Change", &st->st_ctim);
}

int
main(int argc, char **argv)
{
    bool follow = prog_option(argc, argv, "L", usage) == 'L';
    int status = 0;

    if (optind == argc)
        prog_usage(usage);
    for (int i = optind; i < argc; i++) {
        struct stat st;
        if ((follow ? stat(argv[i], &st) : lstat(argv[i], &st)) == 0) {
            show(argv[i], &st);
        } else {
            warn("%s", argv[i]);
            status = 1;
        }
    }
    prog_exit(status);
}
