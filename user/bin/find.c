/* find: lists the files below directories. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: find [PATH...] [-name PATTERN] [-type f|d|l|c|b] [-maxdepth N]\n"
    "            [-xdev]\n"
    "List PATHs (. if there are none) and all files below them.\n"
    "  -xdev  stay on the file system of each PATH\n";

static const char *pattern;
static char type;
static unsigned long max_depth = 1000;
static bool one_device;
static int status;

static char
type_letter(mode_t mode)
{
    return S_ISREG(mode)   ? 'f'
           : S_ISDIR(mode) ? 'd'
           : S_ISLNK(mode) ? 'l'
           : S_ISCHR(mode) ? 'c'
           : S_ISBLK(mode) ? 'b'
                           : '?';
}

static const char *
last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static void visit(const char *path, dev_t device, unsigned long depth);

static void
visit_below(const char *path, dev_t device, unsigned long depth)
{
    DIR *d = opendir(path);
    struct dirent *e;
    char *below;

    if (!d) {
        warn("%s", path);
        status = 1;
        return;
    }
    errno = 0;
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (asprintf(&below, "%s%s%s", path,
                     path[strlen(path) - 1] == '/' ? "" : "/", e->d_name) < 0)
            err(2, "%s", path);
        visit(below, device, depth + 1);
        free(below);
        errno = 0;
    }
    if (errno) {
        warn("%s", path);
        status = 1;
    }
    closedir(d);
}

/* device is that of the file system to stay on, 0 at the start. */
static void
visit(const char *path, dev_t device, unsigned long depth)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        warn("%s", path);
        status = 1;
        return;
    }
    if ((!pattern || fnmatch(pattern, last_part(path), 0) == 0) &&
        (!type || type_letter(st.st_mode) == type))
        puts(path);
    if (one_device && device && st.st_dev != device)
        return;
    if (S_ISDIR(st.st_mode) && depth < max_depth)
        visit_below(path, st.st_dev, depth);
}

static void
read_test(char **arg)
{
    if (strcmp(arg[0], "-xdev") == 0)
        one_device = true;
    else if (strcmp(arg[0], "-name") == 0 && arg[1])
        pattern = arg[1];
    else if (strcmp(arg[0], "-type") == 0 && arg[1])
        type = *arg[1];
    else if (strcmp(arg[0], "-maxdepth") == 0 && arg[1])
        max_depth = prog_number(arg[1], 1000);
    else
        prog_usage(usage);
}

int
main(int argc, char **argv)
{
    int paths = 1;

    if (argc > 1 &&
        (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        fputs(usage, stdout);
        prog_exit(0);
    }
    while (paths < argc && argv[paths][0] != '-')
        paths++;
    for (int i = paths; i < argc; i++) {
        bool is_flag = strcmp(argv[i], "-xdev") == 0;
        read_test(argv + i);
        i += !is_flag;
    }
    if (paths == 1)
        visit(".", 0, 0);
    for (int i = 1; i < paths; i++)
        visit(argv[i], 0, 0);
    prog_exit(status);
}
