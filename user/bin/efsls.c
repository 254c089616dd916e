/* efsls: lists a tree with all that can be known about each file.
 *
 * Its output is compared with the lists that come with file-system images. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: efsls [DIR]\n"
    "List all files of DIR's file system (of / without DIR), a line each,\n"
    "sorted by path, tabs between: path from DIR on, type (f, d or l), mode\n"
    "in octal, size, SHA-256 of the contents (of a link's target, - for a\n"
    "directory), uid, gid, links, times of access, modification and change,\n"
    "length of the contents, inode. Control characters in paths, and \\, are\n"
    "written as \\x09.\n";

static char **paths; /* below the root: "" or "/...", as they are on disk */
static size_t count;
static int status;
static const char *root; /* "" for / */
static dev_t device;

static void
complain(const char *path)
{
    warn("%s", path);
    status = 1;
}

static void
add(char *path)
{
    static size_t room;

    if (count == room) {
        room = room ? room * 2 : 256;
        paths = realloc(paths, room * sizeof(*paths));
    }
    if (!paths || !path)
        err(2, "efsls");
    paths[count++] = path;
}

/* root and path joined; valid until the next call. */
static const char *
full_path(const char *path)
{
    static char *joined;

    free(joined);
    if (asprintf(&joined, "%s%s", root, *root || *path ? path : "/") < 0)
        err(2, "%s", path);
    return joined;
}

/* Finds all below paths[i]; as paths are added behind, no recursion. */
static void
scan(size_t i)
{
    const char *path = full_path(paths[i]);
    struct stat st;
    struct dirent *e;
    DIR *d;

    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_dev != device)
        return;
    d = opendir(path);
    if (!d) {
        complain(path);
        return;
    }
    errno = 0;
    while ((e = readdir(d))) {
        char *below = NULL;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (asprintf(&below, "%s/%s", paths[i], e->d_name) < 0)
            below = NULL;
        add(below);
        errno = 0;
    }
    if (errno)
        complain(path);
    closedir(d);
}

/* Sums up what a file holds. Returns its length, or -1. */
static long
digest_file(const char *path, char digest[65])
{
    static char block[65536];
    int fd = open(path, O_RDONLY);
    struct sha256 sum;
    long length = 0;
    ssize_t n = fd;

    sha256_begin(&sum);
    while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0) {
        sha256_add(&sum, block, (size_t)n);
        length += n;
    }
    sha256_end(&sum, digest);
    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : length;
}

static long
digest_link(const char *path, char digest[65])
{
    static char target[65536];
    ssize_t n = readlink(path, target, sizeof(target));
    struct sha256 sum;

    sha256_begin(&sum);
    sha256_add(&sum, target, n > 0 ? (size_t)n : 0);
    sha256_end(&sum, digest);
    return n;
}

static void
print_path(const char *path)
{
    if (!*path)
        putchar('/');
    for (; *path; path++)
        if ((unsigned char)*path < ' ' || *path == 127 || *path == '\\')
            printf("\\x%02x", (unsigned char)*path);
        else
            putchar(*path);
}

static void
list(const char *path)
{
    const char *full = full_path(path);
    char digest[65] = "-", type = 'd';
    struct stat st;
    long length = 0;

    if (lstat(full, &st) != 0) {
        complain(full);
        return;
    }
    /* Something else is mounted here. */
    if (st.st_dev != device)
        return;
    if (S_ISLNK(st.st_mode)) {
        type = 'l';
        length = digest_link(full, digest);
    } else if (!S_ISDIR(st.st_mode)) {
        type = 'f';
        length = digest_file(full, digest);
    }
    if (length < 0) {
        complain(full);
        return;
    }
    print_path(path);
    printf("\t%c\t%o\t%ld\t%s\t%u\t%u\t%u\t%ld\t%ld\t%ld\t%ld\t%lu\n", type,
           st.st_mode, (long)st.st_size, digest, st.st_uid, st.st_gid,
           st.st_nlink, (long)st.st_atime, (long)st.st_mtime, (long)st.st_ctime,
           length, (unsigned long)st.st_ino);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int
main(int argc, char **argv)
{
    struct stat st;

    prog_option(argc, argv, "", usage);
    if (argc - optind > 1)
        prog_usage(usage);
    root = optind < argc ? argv[optind] : "";
    if (strcmp(root, "/") == 0)
        root = "";
    if (stat(full_path(""), &st) != 0)
        err(1, "%s", full_path(""));
    device = st.st_dev;
    add(strdup(""));
    for (size_t i = 0; i < count; i++)
        scan(i);
    qsort(paths, count, sizeof(*paths), compare);
    for (size_t i = 0; i < count; i++)
        list(paths[i]);
    prog_exit(status);
}
