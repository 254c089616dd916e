/* Damaged images, by the thousand: none may crash the kernel's code or the
 * tools, and what fsck says it has mended must be so.
 *
 *     damage [-v] [-n IMAGES] [-s SEED] [-k KIND] [-i IMAGE [-w FILE]]
 *
 * Each image is a sample with one to three kinds of damage (mutate.c), with
 * checksums made right again or not. It is read as a whole, changed, checked,
 * mended, checked again, and changed again. The exit status is 1 if anything
 * went wrong. -i looks at one of these images alone, and -w keeps it in a file;
 * -v says which could not be mended, and why. */
#include "abi/errno.h"
#include "check.h"
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
#include <unistd.h>

#define CACHE     256u /* blocks */
#define DEEPEST   8u
#define MOST_READ 3000u /* nodes read of one image: it may have cycles */
#define SHOWN     10u

struct run {
    uint8_t *samples[2], *image, *copy;
    struct mutation mutation;
    uint64_t seed;
    long kind;    /* the only one; -1: all in turn */
    bool verbose; /* says why an image could not be mended */
    unsigned kinds[3], nkinds;
    unsigned long image_number, violations, damaged, mended, repeated;
    unsigned read; /* nodes of the present image */
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

    if (r->read++ >= MOST_READ || efs_node_read(fs, ino, &node))
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
change(struct efs *fs)
{
    struct efs_new new = {.mode = 0100644, .now = 2000000};
    struct efs_node root, node;
    struct efs_place from, to;

    int err = efs_node_read(fs, ECLIPSEFS_ROOT_INO, &root);
    if (err)
        return err;
    if (root.type != ECLIPSEFS_DIRECTORY)
        return -EUCLEAN;
    err = efs_begin(fs);
    if (err)
        return err;
    err = efs_create(fs, &root, "new file", 8, &new, &node);
    from = (struct efs_place){&root, "new file", 8, &node};
    to = (struct efs_place){&root, "renamed", 7, NULL};
    if (!err)
        err = efs_rename(fs, &from, &to, false, 2000001);
    err = efs_end(fs, err);
    if (err)
        return err;
    err = efs_commit(fs);
    if (!err)
        err = efs_begin(fs);
    if (err)
        return err;
    err = efs_end(fs, efs_unlink(fs, &root, "renamed", 7, &node, 2000002));
    while (!err) {
        err = efs_begin(fs);
        if (err)
            return err;
        int more = efs_release(fs, &node);
        err = efs_end(fs, MIN(more, 0));
        if (!err && !more)
            break;
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
}

/* Makes image number n: whatever came before, it is always the same. */
static void
make_image(struct run *r, unsigned long n)
{
    unsigned kinds = mutation_kinds();

    r->image_number = n;
    memcpy(r->image, r->samples[(n + n / kinds) % 2], SAMPLE_SIZE);
    r->mutation = (struct mutation){
        .image = r->image,
        .size = SAMPLE_SIZE,
        .random = (r->seed * 0x100000000 + n) * 0x9e3779b97f4a7c15 | 1,
        .reseal = n / kinds % 3 != 0,
    };
    r->nkinds = r->kind >= 0 || n % 4 ? 1 : 1 + n % 3;
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

int
main(int argc, char **argv)
{
    struct run r = {.seed = 1, .kind = -1};
    unsigned long first = 0, images = 10ul * mutation_kinds();
    const char *path = NULL;
    int option;

    while ((option = getopt(argc, argv, "n:s:k:i:w:v")) != -1) {
        if (option == 'n')
            images = strtoul(optarg, NULL, 0);
        else if (option == 's')
            r.seed = strtoul(optarg, NULL, 0);
        else if (option == 'k')
            r.kind = strtol(optarg, NULL, 0);
        else if (option == 'w')
            path = optarg;
        else if (option == 'v')
            r.verbose = true;
        else if (option != 'i')
            return 2;
        else
            first = strtoul(optarg, NULL, 0), images = 1;
    }
    host_kernel_quiet = true;
    bcache_init(CACHE);
    for (unsigned i = 0; i < 2; i++) {
        r.samples[i] = malloc(SAMPLE_SIZE);
        sample_make(r.samples[i], i == 1);
    }
    r.image = malloc(SAMPLE_SIZE);
    r.copy = malloc(SAMPLE_SIZE);
    for (unsigned long i = 0; i < images; i++) {
        make_image(&r, first + i);
        if (path && !keep(&r, path))
            return 2;
        try_image(&r);
    }
    printf("%lu images, %lu violations, %lu mended of %lu with findings, "
           "%lu of them in several rounds\n",
           images, r.violations, r.mended, r.damaged, r.repeated);
    free(r.samples[0]);
    free(r.samples[1]);
    free(r.image);
    free(r.copy);
    return r.violations != 0;
}
