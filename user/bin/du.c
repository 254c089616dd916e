/* du: shows how much of the disk files take. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inodes.h>
#include <limits.h>
#include <prog.h>
#include <size.h>
#include <walk.h>

static const char usage[] =
    "usage: du [-abchksx] [-d DEPTH] [FILE...]\n"
    "Show how many KiB of the disk FILEs (. if there are none) and the\n"
    "directories below take. A file with several names counts once.\n"
    "  -a  show files too           -b  bytes that files hold instead\n"
    "  -c  a total                  -d  only directories DEPTH deep or less\n"
    "  -h  short: 4.0K, 12M         -k  KiB, as without -h\n"
    "  -s  only FILEs, as -d 0      -x  stay on the file system of each FILE\n";

static bool all, bytes, human, one_device;
static unsigned long max_depth = ULONG_MAX;
static struct inode_table seen;
static uint64_t *sums; /* of the directories the walk is in, by depth */
static size_t room;
static int status;

/* What the file alone takes; nothing if it was counted before. */
static uint64_t
size_of_file(const struct stat *st)
{
    void **slot;

    if (st->st_nlink > 1 && !S_ISDIR(st->st_mode)) {
        slot = inode_table_at(&seen, st->st_dev, st->st_ino);
        if (*slot)
            return 0;
        *slot = &seen;
    }
    return bytes ? (uint64_t)st->st_size : (uint64_t)st->st_blocks * 512;
}

static void
show(uint64_t size, const char *path)
{
    char text[8];

    size_human(size, text);
    if (human)
        printf("%s\t%s\n", text, path);
    else
        printf("%lu\t%s\n",
               (unsigned long)(bytes ? size : (size + 1023) / 1024), path);
}

static void
begin_directory(const struct walk_entry *e)
{
    if (e->depth >= room) {
        room = e->depth * 2 + 8;
        sums = prog_realloc(sums, room * sizeof(*sums));
    }
    sums[e->depth] = size_of_file(&e->st);
}

/* Adds to the directory above, or to the total of what was asked for. */
static void
add(const struct walk_entry *e, uint64_t size, uint64_t *total)
{
    if (e->depth > 0)
        sums[e->depth - 1] += size;
    else
        *total += size;
}

static void
count(const struct walk_entry *e, uint64_t *total)
{
    uint64_t size;

    switch (e->kind) {
    case WALK_DIR:
        begin_directory(e);
        return;
    case WALK_DIR_END:
        add(e, sums[e->depth], total);
        if (e->depth <= max_depth)
            show(sums[e->depth], e->path);
        return;
    case WALK_FILE:
        size = size_of_file(&e->st);
        add(e, size, total);
        if (e->depth == 0 || (all && e->depth <= max_depth))
            show(size, e->path);
        return;
    case WALK_ERROR:
        errno = e->error;
        warn("%s", e->path);
        status = 1;
        return;
    }
}

static uint64_t
count_all(const char *path)
{
    struct walk *w = walk_open(path, WALK_FOLLOW_FIRST);
    struct walk_entry *e;
    uint64_t total = 0;
    dev_t device = 0;

    while ((e = walk_next(w))) {
        if (e->depth == 0 && e->kind != WALK_ERROR)
            device = e->st.st_dev;
        if (one_device && e->kind == WALK_DIR && e->st.st_dev != device)
            walk_skip(w);
        else
            count(e, &total);
    }
    walk_close(w);
    return total;
}

int
main(int argc, char **argv)
{
    static char *here[] = {(char *)"."};
    uint64_t total = 0;
    bool show_total = false;
    int c;

    while ((c = prog_option(argc, argv, "abcd:hksx", usage)) != -1) {
        all |= c == 'a';
        bytes |= c == 'b';
        show_total |= c == 'c';
        if (c == 'd')
            max_depth = prog_number(optarg, LONG_MAX);
        if (c == 'h' || c == 'k')
            human = c == 'h';
        if (c == 's')
            max_depth = 0;
        one_device |= c == 'x';
    }
    argv = optind == argc ? here : argv + optind;
    argc = optind == argc ? 1 : argc - optind;
    for (int i = 0; i < argc; i++)
        total += count_all(argv[i]);
    if (show_total)
        show(total, "total");
    prog_exit(status);
}
