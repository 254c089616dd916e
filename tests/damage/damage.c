/* Damaged images, by the thousand: none may crash the kernel's code or the
 * tools, and what fsck says it has mended must be so.
 *
 *     damage [-v] [-f FIRST] [-n IMAGES | -i IMAGE [-w FILE]] [-j JOBS]
 *            [-s SEED] [-k KIND]
 *
 * Each image is a sample with one to three kinds of damage (mutate.c), with
 * checksums made right again or not. It is read as a whole, changed, checked,
 * mended, checked again, and changed again; of some, mending is interrupted.
 * The exit status is 1 if anything went wrong. -j shares the images among
 * processes; -f goes on at one of the images, which a run that was interrupted
 * had come to; -i looks at one of these images alone, and -w keeps it in a
 * file; -v says which could not be mended, and why. */
#include "abi/errno.h"
#include "check.h"
#include "crash_disk.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/file.h"
#include "fs/eclipsefs/names.h"
#include "host_disk.h"
#include "host_kernel.h"
#include "mutate.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CACHE     256u /* blocks */
#define DEEPEST   8u
#define MOST_READ 3000u /* names read of one image: it may have cycles */
#define SHOWN     10u
#define PROGRESS  2000u /* images from one line that tells of it to the next */

const char *__asan_default_options(void);

/* Memory that is freed is not kept back for long: it is much, and used for an
 * instant. */
const char *
__asan_default_options(void)
{
    return "quarantine_size_mb=4:malloc_context_size=8:"
           "max_malloc_fill_size=256";
}

struct run {
    uint8_t *samples[2], *image, *copy; /* live as long as the program */
    struct crash_disk disk;
    struct mutation mutation;
    uint64_t seed;
    long kind;    /* the only one; -1: all in turn */
    bool verbose; /* says why an image could not be mended */
    unsigned kinds[3], nkinds;
    unsigned long turn; /* what is done to the present image, and to which
                         * sample: all kinds get their turn at everything */
    unsigned long image_number, violations, damaged, mended, repeated;
    unsigned read; /* names of the present image, up to now */
    uint8_t seen[SAMPLE_INODES + 1];
};

static void
violation(struct run *r, const char *what, const char *why)
{
    if (r->violations++ >= SHOWN)
        return;
    printf("%s: %s;", what, why);
    for (unsigned i = 0; i < r->nkinds; i++)
        printf(" %s", mutation_name(r->kinds[i]));
    printf("%s, image %lu\n", r->mutation.reseal ? ", resealed" : "",
           r->image_number);
}

/* ---- Reading ---- */

static void read_directory(struct run *r, struct efs *fs,
                           const struct efs_node *dir, unsigned depth);

static void
read_node(struct run *r, struct efs *fs, uint32_t ino, unsigned depth)
{
    static uint8_t bytes[65536];
    struct efs_node node;

    if ((ino <= SAMPLE_INODES && r->seen[ino]++) ||
        efs_node_read(fs, ino, &node))
        return;
    if (node.type == ECLIPSEFS_DIRECTORY) {
        if (depth < DEEPEST)
            read_directory(r, fs, &node, depth + 1);
        return;
    }
    uint64_t size = efs_node_length(&node);
    for (uint64_t at = 0; at < size && at < 8 * sizeof bytes;
         at += sizeof bytes)
        if (efs_file_read(fs, &node, at, bytes, sizeof bytes) < 0)
            break;
    int64_t last = efs_file_read(fs, &node, size - 1, bytes, sizeof bytes);
    if (last > 1)
        violation(r, "a read past the end", "gave bytes");
}

static void
read_directory(struct run *r, struct efs *fs, const struct efs_node *node,
               unsigned depth)
{
    struct efs_entry entry;
    struct efs_link link;
    struct efs_dir dir;

    efs_dir_open(&dir, fs, node, 0);
    while (r->read < MOST_READ && efs_dir_next(&dir, &entry) > 0) {
        if (!entry.hidden &&
            efs_dir_lookup(fs, node, entry.name, entry.len, &link) == 0)
            read_node(r, fs, link.ino, depth);
        r->read++;
    }
    efs_dir_close(&dir);
}

/* ---- Changing ---- */

static int
release(struct efs *fs, struct efs_node *node)
{
    int more = 1;

    while (more > 0) {
        int err = efs_begin(fs);
        if (err)
            return err;
        more = efs_release(fs, node);
        err = efs_end(fs, MIN(more, 0));
        if (err)
            return err;
    }
    return 0;
}

static int
remove_name(struct efs *fs, struct efs_node *dir, const char *name)
{
    struct efs_link link;
    struct efs_node node;

    int err = efs_dir_lookup(fs, dir, name, strlen(name), &link);
    if (!err)
        err = efs_node_read(fs, link.ino, &node);
    if (!err)
        err = efs_begin(fs);
    if (err)
        return err;
    err = efs_end(fs, efs_unlink(fs, dir, name, strlen(name), &node, 2000002));
    return err || node.nlink > 0 ? err : release(fs, &node);
}

/* Makes a file in dir, renames it, and removes it. */
static int
change_directory(struct efs *fs, struct efs_node *dir)
{
    struct efs_new new = {.mode = 0100644, .now = 2000000};
    struct efs_node node;
    struct efs_place from = {dir, "new file", 8, &node};
    struct efs_place to = {dir, "renamed", 7, NULL};

    if (dir->type != ECLIPSEFS_DIRECTORY)
        return -EUCLEAN;
    int err = efs_begin(fs);
    if (err)
        return err;
    err = efs_create(fs, dir, "new file", 8, &new, &node);
    if (!err)
        err = efs_rename(fs, &from, &to, false, 2000001);
    err = efs_end(fs, err);
    if (!err)
        err = efs_commit(fs);
    return err ? err : remove_name(fs, dir, "renamed");
}

/* Changes a directory of each kind, and removes large files. */
static int
change(struct efs *fs)
{
    static const char *const names[] = {"many", "deep", "scattered", "large"};
    struct efs_node root, node;
    struct efs_link link;

    int err = efs_node_read(fs, ECLIPSEFS_ROOT_INO, &root);
    if (!err)
        err = change_directory(fs, &root);
    for (size_t i = 0; i < ARRAY_LEN(names) && !err; i++) {
        err = efs_dir_lookup(fs, &root, names[i], strlen(names[i]), &link);
        if (!err)
            err = efs_node_read(fs, link.ino, &node);
        if (!err && node.type == ECLIPSEFS_DIRECTORY)
            err = change_directory(fs, &node);
        else if (!err)
            err = remove_name(fs, &root, names[i]);
        err = err == -ENOENT ? 0 : err; /* damage has taken it away */
    }
    return err;
}

/* Opens what is at image, reads all of it, and changes it. Returns 0 if
 * nothing was wrong. */
static int
use(struct run *r, uint8_t *image, bool read_only)
{
    struct host_disk disk;
    const char *why = "";
    struct efs fs;

    host_disk_wrap_rw(&disk, image, SAMPLE_SIZE);
    int err = efs_open(&fs, &disk.dev, &why);
    if (!err && fs.extended)
        err = efs_start(&fs, read_only, &why);
    if (!err) {
        r->read = 0;
        memset(r->seen, 0, sizeof r->seen);
        read_node(r, &fs, ECLIPSEFS_ROOT_INO, 0);
        if (!read_only && fs.extended)
            err = change(&fs);
        int stopped = fs.extended ? efs_stop(&fs) : 0;
        err = err ? err : stopped;
    }
    host_disk_close(&disk);
    return err;
}

/* ---- Checking and mending ---- */

static int
check(uint8_t *image, bool repair, struct check_result *result,
      const char **why)
{
    struct check_options options = {.repair = repair};
    struct host_disk disk;

    *why = "";
    host_disk_wrap_rw(&disk, image, SAMPLE_SIZE);
    int err = check_image(&disk.dev, &options, result, why);
    host_disk_close(&disk);
    return err;
}

/* fsck -y whose power goes, with what was not flushed there or not, and once
 * more: that must do. */
static void
interrupt(struct run *r)
{
    struct check_options options = {.repair = true};
    struct check_result result;
    const char *why;
    uint32_t seed = (uint32_t)r->mutation.random;

    crash_disk_load(&r->disk, r->image);
    if (check_image(&r->disk.dev, &options, &result, &why) != 0)
        return;
    bcache_drop(&r->disk.dev);
    crash_disk_cut(&r->disk, crash_random(&seed, r->disk.count + 1), seed,
                   r->copy);
    int err = check(r->copy, true, &result, &why);
    if (!err)
        err = check(r->copy, false, &result, &why);
    if (err || result.findings + result.notes > 0)
        violation(r, "fsck -y after one that was interrupted",
                  err ? why : "has findings");
}

/* Whether the image may be past mending: neither the header nor its copy can
 * be read, or it says that it is a plain one. */
static bool
is_hopeless(const struct run *r)
{
    const char *name = mutation_name(r->kinds[0]);

    return r->nkinds > 1 || strcmp(name, "header_lost") == 0 ||
           strcmp(name, "header_flags") == 0;
}

static void
mend(struct run *r)
{
    struct check_result result, again;
    const char *why;

    memcpy(r->copy, r->image, SAMPLE_SIZE);
    int looked = check(r->copy, false, &result, &why);
    if (memcmp(r->copy, r->image, SAMPLE_SIZE) != 0)
        violation(r, "fsck -n", "has changed the image");
    r->damaged += looked || result.findings > 0;
    int err = check(r->copy, true, &result, &why);
    if (err) {
        if (!*why)
            violation(r, "fsck -y", "does not say why it gave up");
        else if (err != -ENOSPC && !is_hopeless(r))
            violation(r, "fsck -y", why);
        if (r->verbose)
            printf("image %lu: %s: %s\n", r->image_number,
                   mutation_name(r->kinds[0]), why);
        return;
    }
    r->mended += result.findings > 0;
    r->repeated += result.rounds > 1;
    err = check(r->copy, false, &again, &why);
    if (err || again.findings + again.notes > 0)
        violation(r, "fsck after fsck -y", err ? why : "has findings");
    err = use(r, r->copy, false);
    if (err && err != -ENOSPC)
        violation(r, "a mended image", "cannot be changed");
    err = check(r->copy, false, &again, &why);
    if (err || again.findings > 0)
        violation(r, "fsck after a change", err ? why : "has findings");
    if (r->turn / 2 % 4 == 1)
        interrupt(r);
}

/* Makes image number n: whatever came before, it is always the same. */
static void
make_image(struct run *r, unsigned long n)
{
    unsigned kinds = mutation_kinds();

    r->image_number = n;
    r->turn = n + n / kinds;
    memcpy(r->image, r->samples[r->turn % 2], SAMPLE_SIZE);
    r->mutation = (struct mutation){
        .image = r->image,
        .size = SAMPLE_SIZE,
        .random = (r->seed * 0x100000000 + n) * 0x9e3779b97f4a7c15 | 1,
        .reseal = n / kinds % 3 != 0,
    };
    r->nkinds = r->kind >= 0 || r->turn / 2 % 4 ? 1 : 1 + n % 3;
    for (unsigned i = 0; i < r->nkinds; i++) {
        r->kinds[i] = (unsigned)((r->kind < 0 ? n : (unsigned long)r->kind) +
                                 i * (n / kinds + 7)) %
                      kinds;
        mutation_apply(&r->mutation, r->kinds[i]);
    }
}

static void
try_image(struct run *r)
{
    memcpy(r->copy, r->image, SAMPLE_SIZE);
    use(r, r->copy, true);
    if (memcmp(r->copy, r->image, SAMPLE_SIZE) != 0)
        violation(r, "a mount for reading", "has changed the image");
    use(r, r->copy, false);
    mend(r);
}

static bool
keep(const struct run *r, const char *path)
{
    FILE *file = fopen(path, "wb");
    bool ok = file && fwrite(r->image, 1, SAMPLE_SIZE, file) == SAMPLE_SIZE;

    if (file && fclose(file) != 0)
        ok = false;
    if (!ok)
        perror(path);
    return ok;
}

/* Tries images first, first + step, ... Returns the exit status. */
static int
try_images(struct run *r, unsigned long first, unsigned long end,
           unsigned long step)
{
    unsigned long images = 0;

    for (unsigned long i = first; i < end; i += step, images++) {
        make_image(r, i);
        try_image(r);
        if (images % PROGRESS == PROGRESS - 1) {
            printf("up to image %lu: %lu violations\n", i, r->violations);
            fflush(stdout);
        }
    }
    printf("%lu images, %lu violations, %lu mended of %lu with findings, "
           "%lu of them in several rounds\n",
           images, r->violations, r->mended, r->damaged, r->repeated);
    return r->violations > 0;
}

/* Shares the images among processes. */
static int
share_images(struct run *r, unsigned long first, unsigned long end,
             unsigned long jobs)
{
    int failed = 0, status;

    for (unsigned long i = 0; i < jobs; i++) {
        pid_t child = fork();
        if (child == 0)
            exit(try_images(r, first + i, end, jobs));
        failed |= child < 0;
    }
    while (wait(&status) > 0)
        failed |= status != 0;
    return failed;
}

static void
allocate(struct run *r)
{
    bcache_init(CACHE);
    crash_disk_init(&r->disk, SAMPLE_SIZE);
    r->image = malloc(SAMPLE_SIZE);
    r->copy = malloc(SAMPLE_SIZE);
    for (unsigned i = 0; i < 2; i++) {
        r->samples[i] = malloc(SAMPLE_SIZE);
        if (r->image && r->copy && r->samples[i])
            sample_make(r->samples[i], i == 1);
        else
            abort();
    }
}

int
main(int argc, char **argv)
{
    static struct run r = {.seed = 1, .kind = -1};
    unsigned long images = 10ul * mutation_kinds(), first = 0, jobs = 1, one;
    const char *number = NULL, *path = NULL;
    int option;

    while ((option = getopt(argc, argv, "f:n:s:k:i:j:w:v")) != -1) {
        if (option == 'n')
            images = strtoul(optarg, NULL, 0);
        else if (option == 'f')
            first = strtoul(optarg, NULL, 0);
        else if (option == 's')
            r.seed = strtoul(optarg, NULL, 0);
        else if (option == 'k')
            r.kind = strtol(optarg, NULL, 0);
        else if (option == 'i')
            number = optarg;
        else if (option == 'j')
            jobs = strtoul(optarg, NULL, 0);
        else if (option == 'w')
            path = optarg;
        else if (option == 'v')
            r.verbose = true;
        else
            return 2;
    }
    host_kernel_quiet = true;
    allocate(&r);
    if (!number)
        return share_images(&r, first, images, jobs);
    one = strtoul(number, NULL, 0);
    make_image(&r, one);
    if (path && !keep(&r, path))
        return 2;
    return try_images(&r, one, one + 1, 1);
}
