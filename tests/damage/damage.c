/* Damaged images, by the thousand: none may crash the kernel's code or the
 * tools, and what fsck says it has mended must be so.
 *
 *     damage [-n IMAGES] [-s SEED] [-k KIND]
 *
 * Each image is a sample with one to three kinds of damage (mutate.c), with
 * checksums made right again or not. It is read as a whole, changed, checked,
 * mended, checked again, and changed again. The last line is "N images, M
 * violations, K mended of those with findings"; the exit status is 1 if M is
 * not 0. */
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
    unsigned kinds[3], nkinds;
    unsigned long images, violations, damaged, mended;
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
           r->images);
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
    if (!err)
        err = efs_start(&fs, read_only, &why);
    if (!err) {
        r->read = 0;
        read_node(r, &fs, ECLIPSEFS_ROOT_INO, 0);
        if (!read_only)
            err = change(&fs);
        int stopped = efs_stop(&fs);
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
        return;
    }
    r->mended += result.findings > 0;
    err = check(r->copy, false, &again, &why);
    if (err || again.findings > 0)
        violation(r, "fsck after fsck -y", err ? why : "has findings");
    err = use(r, r->copy, false);
    if (err && err != -ENOSPC)
        violation(r, "a mended image", "cannot be changed");
    err = check(r->copy, false, &again, &why);
    if (err || again.findings > 0)
        violation(r, "fsck after a change", err ? why : "has findings");
}

static void
one_image(struct run *r, unsigned kind, bool only)
{
    const uint8_t *sample = r->samples[r->images % 2];

    memcpy(r->image, sample, SAMPLE_SIZE);
    r->images++;
    r->mutation.image = r->image;
    r->mutation.size = SAMPLE_SIZE;
    r->mutation.reseal = r->images / mutation_kinds() % 3 != 0;
    r->nkinds = only || r->images % 4 ? 1 : 1 + r->images % 3;
    r->kinds[0] = kind;
    for (unsigned i = 0; i < r->nkinds; i++) {
        if (i > 0)
            r->kinds[i] = (kind * 31 + i * 7) % mutation_kinds();
        mutation_apply(&r->mutation, r->kinds[i]);
    }
    memcpy(r->copy, r->image, SAMPLE_SIZE);
    use(r, r->copy, true);
    if (memcmp(r->copy, r->image, SAMPLE_SIZE) != 0)
        violation(r, "a mount for reading", "has changed the image");
    use(r, r->copy, false);
    mend(r);
}

int
main(int argc, char **argv)
{
    struct run r = {.mutation.random = 1};
    unsigned long images = 10ul * mutation_kinds();
    long kind = -1;
    int option;

    while ((option = getopt(argc, argv, "n:s:k:")) != -1) {
        if (option == 'n')
            images = strtoul(optarg, NULL, 0);
        else if (option == 's')
            r.mutation.random = strtoul(optarg, NULL, 0) * 2 + 1;
        else if (option == 'k')
            kind = strtol(optarg, NULL, 0);
        else
            return 2;
    }
    host_kernel_quiet = true;
    bcache_init(CACHE);
    for (unsigned i = 0; i < 2; i++) {
        r.samples[i] = malloc(SAMPLE_SIZE);
        sample_make(r.samples[i], i == 1);
    }
    r.image = malloc(SAMPLE_SIZE);
    r.copy = malloc(SAMPLE_SIZE);
    for (unsigned long i = 0; i < images; i++)
        one_image(&r,
                  kind < 0 ? (unsigned)(i % mutation_kinds()) : (unsigned)kind,
                  kind >= 0);
    printf("%lu images, %lu violations, %lu mended of %lu with findings\n",
           r.images, r.violations, r.mended, r.damaged);
    free(r.samples[0]);
    free(r.samples[1]);
    free(r.image);
    free(r.copy);
    return r.violations != 0;
}
