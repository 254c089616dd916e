/* Pulls the power at every point of a write log, and looks at what is left.
 *
 *     check [-m IMAGES] [-s SEED] [-v VARIANTS] BASE LOG TRACE
 *
 * BASE is the disk before the log, LOG what QEMU's blklogwrites wrote, TRACE
 * what was done meanwhile (model.h). For each prefix of the log, and for
 * samples of what a disk may make of the writes since the last flush - some
 * of them missing, some of their sectors too - the image is recovered by the
 * kernel's own code, checked by fsck's, and compared with the model; now and
 * then the power goes again during recovery. At most IMAGES images are
 * looked at, spread evenly. The last line is "N images, M violations"; the
 * exit status is 1 if M is not 0, 2 if the arguments are wrong. */
#include "sound.h"
#include "disk.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/file.h"
#include "host_kernel.h"
#include "model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE   512
#define CACHE       512u /* blocks */
#define VARIANTS    3u   /* samples of lost writes at one point */
#define NESTED      16u  /* of so many images, one loses power again */
#define SHOWN       10u  /* violations that are printed */
#define LOG_SECTOR  512u
#define LOG_MAGIC   0x6a736677736872ull
#define FLAG_FLUSH  1u
#define ALL_SECTORS UINT64_MAX

struct check {
    struct crash_disk disk;
    struct write_log log;
    struct model *model;
    uint8_t *state; /* the disk as of the last flush before the cut */
    size_t images, violations;
    unsigned variants; /* samples of lost writes at one cut */
    uint64_t random;
};

struct mapped {
    uint8_t *bytes;
    size_t size;
};

static struct mapped
map_file(const char *path, int prot, int flags)
{
    struct mapped m = {0};
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) < 0) {
        perror(path);
        exit(2);
    }
    m.size = (size_t)st.st_size;
    m.bytes = mmap(NULL, m.size, prot, flags, fd, 0);
    close(fd);
    if (m.bytes == MAP_FAILED) {
        perror(path);
        exit(2);
    }
    return m;
}

static uint64_t
next_random(struct check *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return c->random;
}

/* ---- The write log ---- */

static uint64_t
load64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Takes the entries out of a log in the format of Linux's dm-log-writes: a
 * head of a sector each, followed by the data. Its superblock is updated now
 * and then only, so the entries end where a head makes no sense. */
static void
parse_log(struct check *c, const struct mapped *file)
{
    size_t at = LOG_SECTOR;

    if (file->size < LOG_SECTOR || load64(file->bytes) != LOG_MAGIC) {
        fputs("this is no write log\n", stderr);
        exit(2);
    }
    while (at + LOG_SECTOR <= file->size) {
        const uint8_t *head = file->bytes + at;
        struct write w = {load64(head), (uint32_t)load64(head + 8), NULL};
        size_t bytes = (size_t)w.sectors * LOG_SECTOR;
        if (w.sectors == 0 && !(load64(head + 16) & FLAG_FLUSH))
            break;
        at += LOG_SECTOR;
        if (bytes > file->size - at)
            break;
        w.data = file->bytes + at;
        at += bytes;
        c->log.writes = realloc(c->log.writes, (c->log.count + 1) * sizeof w);
        c->log.writes[c->log.count++] = w;
    }
}

/* ---- Looking at an image ---- */

static void
look_at_file(struct check *c, struct efs *fs, const struct efs_node *node,
             const char *path)
{
    size_t size = efs_node_length(node);
    uint8_t *bytes = malloc(size + 1);
    int64_t n = efs_file_read(fs, node, 0, bytes, size);

    if (n == (int64_t)size)
        model_found_content(c->model, path, bytes, size);
    else
        model_found_node(c->model, "//unreadable", 'f', 0, 0, path);
    free(bytes);
}

static void look_at_directory(struct check *c, struct efs *fs,
                              const struct efs_node *dir, const char *path);

static void
look_at_node(struct check *c, struct efs *fs, uint32_t ino, const char *path)
{
    static const char kinds[] = {'?', 'f', 'd', 'l'};
    char target[PATH_SIZE] = "";
    struct efs_node node;

    if (efs_node_read(fs, ino, &node)) {
        model_found_node(c->model, path, '?', 0, 0, "");
        return;
    }
    if (node.type == ECLIPSEFS_SYMLINK) {
        int64_t n = efs_file_read(fs, &node, 0, target, sizeof target - 1);
        target[MAX(n, 0)] = '\0';
    }
    if (*path) /* what the root says of itself is not of interest */
        model_found_node(c->model, path, kinds[node.type % 4],
                         node.mode & 07777, node.nlink, target);
    if (node.type == ECLIPSEFS_FILE)
        look_at_file(c, fs, &node, path);
    if (node.type == ECLIPSEFS_DIRECTORY)
        look_at_directory(c, fs, &node, path);
}

static void
look_at_directory(struct check *c, struct efs *fs, const struct efs_node *node,
                  const char *path)
{
    struct efs_entry entry;
    struct efs_dir dir;
    int found;

    efs_dir_open(&dir, fs, node, 0);
    while ((found = efs_dir_next(&dir, &entry)) > 0) {
        char child[PATH_SIZE];
        snprintf(child, sizeof child, "%s%s%.*s", path, *path ? "/" : "",
                 (int)entry.len, entry.name);
        look_at_node(c, fs, entry.link.ino, child);
    }
    efs_dir_close(&dir);
    if (found < 0)
        model_found_node(c->model, "//damaged", 'd', 0, 0, path);
}

/* Mounts the disk as it is, which recovers it, and unmounts it. */
static int
recover(struct check *c, const char **why)
{
    struct efs fs;

    bcache_drop(NULL);
    int err = efs_open(&fs, &c->disk.dev, why);
    if (!err)
        err = efs_start(&fs, false, why);
    return err ? err : efs_stop(&fs);
}

/* Whether the recovered disk passes fsck and agrees with the model at a cut
 * after n entries of the log. */
static bool
inspect(struct check *c, size_t n, char *text, size_t size)
{
    const char *why = "";
    struct efs fs;

    bcache_drop(NULL);
    if (!check_is_sound(&c->disk.dev, text, size))
        return false;
    int err = efs_open(&fs, &c->disk.dev, &why);
    if (!err)
        err = efs_start(&fs, true, &why);
    if (err) {
        snprintf(text, size, "it does not open: %s", why);
        return false;
    }
    model_found_begin(c->model);
    look_at_node(c, &fs, ECLIPSEFS_ROOT_INO, "");
    err = efs_stop(&fs);
    bcache_drop(NULL);
    return !err && model_found_end(c->model, n, text, size);
}

static void
report(struct check *c, size_t n, const char *kind, const char *text)
{
    if (c->violations++ < SHOWN)
        printf("after %zu writes, %s: %s\n", n, kind, text);
}

/* Recovers and inspects the image that the disk now holds. */
static void
check_image(struct check *c, size_t n, const char *kind)
{
    char text[2 * PATH_SIZE];
    const char *why = "";

    c->images++;
    int err = recover(c, &why);
    if (err) {
        snprintf(text, sizeof text, "recovery fails: %s (error %d)", why, -err);
        report(c, n, kind, text);
    } else if (!inspect(c, n, text, sizeof text)) {
        report(c, n, kind, text);
    }
}

/* ---- Choosing images ---- */

/* Puts writes from `flushed` up to n onto the disk, each whole, or, if lossy,
 * some of them not at all or in part. The last is always touched, so that
 * different cuts give different images. */
static void
apply_writes(struct check *c, size_t flushed, size_t n, bool lossy)
{
    for (size_t i = flushed; i < n; i++) {
        uint64_t mask = ALL_SECTORS;
        if (lossy && next_random(c) % 2)
            mask = next_random(c) % 2 ? 0 : next_random(c);
        crash_disk_apply(&c->disk, &c->log.writes[i], mask);
    }
}

/* Loses power again at each point of a recovery: what recovery wrote so far
 * is on the disk, the rest is not. */
static void
check_recovery(struct check *c, size_t flushed, size_t n)
{
    struct write_log recovery;
    const char *why;

    crash_disk_reset(&c->disk, c->state);
    apply_writes(c, flushed, n, false);
    crash_disk_record(&c->disk, &recovery);
    int err = recover(c, &why);
    crash_disk_record(&c->disk, NULL);
    for (size_t i = 0; i < recovery.count && !err; i++) {
        crash_disk_reset(&c->disk, c->state);
        apply_writes(c, flushed, n, false);
        for (size_t k = 0; k < i; k++)
            crash_disk_apply(&c->disk, &recovery.writes[k], ALL_SECTORS);
        if (recovery.writes[i].sectors)
            crash_disk_apply(&c->disk, &recovery.writes[i], next_random(c));
        check_image(c, n, "and again in recovery");
    }
    write_log_clear(&recovery);
}

static void
check_cut(struct check *c, size_t flushed, size_t n)
{
    crash_disk_reset(&c->disk, c->state);
    apply_writes(c, flushed, n, false);
    check_image(c, n, "in order");
    for (unsigned i = 0; i < c->variants && n > flushed; i++) {
        crash_disk_reset(&c->disk, c->state);
        apply_writes(c, flushed, n, true);
        check_image(c, n, "reordered and torn");
    }
    if (next_random(c) % NESTED == 0)
        check_recovery(c, flushed, n);
}

static void
check_all(struct check *c, size_t most)
{
    size_t flushed = 0;
    double cuts = MAX((double)most / (c->variants + 1), 1.0);
    double step = MAX((double)c->log.count / cuts, 1.0);
    double next = 0;
    for (size_t n = 0; n <= c->log.count; n++) {
        if ((double)n >= next) {
            check_cut(c, flushed, n);
            next += step;
        }
        if (n == c->log.count || c->log.writes[n].sectors > 0)
            continue;
        /* The entry is a flush: what came before it is there for good. */
        crash_disk_reset(&c->disk, c->state);
        for (; flushed < n; flushed++) {
            const struct write *w = &c->log.writes[flushed];
            memcpy(c->state + w->sector * SECTOR_SIZE, w->data,
                   (size_t)w->sectors * SECTOR_SIZE);
        }
    }
}

int
main(int argc, char **argv)
{
    struct check c = {.variants = VARIANTS, .random = 1};
    size_t most = SIZE_MAX;
    int option;

    while ((option = getopt(argc, argv, "m:s:v:")) != -1) {
        if (option == 'm')
            most = strtoul(optarg, NULL, 0);
        else if (option == 's')
            c.random = strtoul(optarg, NULL, 0) * 2 + 1;
        else if (option == 'v')
            c.variants = (unsigned)strtoul(optarg, NULL, 0);
        else
            return 2;
    }
    if (argc - optind != 3) {
        fputs(
            "usage: check [-m IMAGES] [-s SEED] [-v VARIANTS] BASE LOG TRACE\n",
            stderr);
        return 2;
    }
    struct mapped base =
        map_file(argv[optind], PROT_READ | PROT_WRITE, MAP_PRIVATE);
    struct mapped log = map_file(argv[optind + 1], PROT_READ, MAP_SHARED);

    host_kernel_quiet = true;
    bcache_init(CACHE);
    parse_log(&c, &log);
    c.model = model_load(argv[optind + 2]);
    c.state = base.bytes;
    crash_disk_init(&c.disk, c.state, base.size);
    check_all(&c, most);
    bcache_drop(NULL);
    crash_disk_destroy(&c.disk);
    model_free(c.model);
    printf("%zu images, %zu violations\n", c.images, c.violations);
    return c.violations != 0;
}
