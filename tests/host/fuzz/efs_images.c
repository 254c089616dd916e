#include "efs_images.h"

#include "../../damage/mutate_impl.h"
#include "../../damage/sample.h"
#include "../image_builder.h"
#include "abi/limits.h"
#include "abi/mode.h"
#include "format.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/names.h"
#include "lib/crc32c.h"
#include "store.h"

#include "fuzz.h"
#include "undo_disk.h"

#define SMALL_SIZE  (136u * BLOCK)
#define PLAIN_SIZE  (24u * BLOCK)
#define MANY_NAMES  24u
#define IMAGES      5u
#define PLAIN       2u
#define DAMAGES_MAX 8u

static struct image {
    uint8_t *bytes;
    size_t size;
    bool is_large;
    uint8_t *tail_crc; /* of each block: whether it ends in its checksum */
    struct undo_disk disk;
} images[IMAGES];

static struct image *loaded;

const char *const images_names[] = {"a",         "b",    "d",    "many",
                                    "small",     "link", "some", "large",
                                    "scattered", "deep", "file", "below"};
const unsigned images_nnames = ARRAY_LEN(images_names);

struct blockdev *
images_disk(void)
{
    return &loaded->disk.disk.dev;
}

bool
images_is_large(void)
{
    return loaded->is_large;
}

/* So long that few of them fill a block: what they lead to is reached with few
 * names, which is quicker. They differ where they begin. */
static void
long_name(char *name, unsigned number)
{
    snprintf(name, NAME_MAX + 1, "%u%0180u", number % (2 * MANY_NAMES), 0u);
}

void
images_many(char *name, unsigned number)
{
    if (loaded->is_large)
        snprintf(name, NAME_MAX + 1, "a name that is rather long, number %u",
                 number);
    else
        long_name(name, number);
}

/* ---- Making them ---- */

static int
read_pattern(void *context UNUSED, uint64_t offset, void *dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)dst)[i] = (uint8_t)(offset + i);
    return 0;
}

static void
create(struct efs *fs, struct efs_node *dir, const char *name, uint32_t mode,
       struct efs_node *node)
{
    struct efs_new new = {.mode = mode, .rdev = 0x103, .now = 1000000};

    if (S_ISLNK(mode)) {
        new.target = "some/file";
        new.target_len = strlen(new.target);
    }
    FUZZ_CHECK(efs_begin(fs) == 0);
    int err = efs_create(fs, dir, name, strlen(name), &new, node);
    FUZZ_CHECK(efs_end(fs, err) == 0);
}

/* Small and large files, a hole, a link, directories of both layouts. */
static void
fill_small(struct efs *fs)
{
    struct efs_node top, dir, node;
    char name[NAME_MAX + 1];

    FUZZ_CHECK(efs_node_read(fs, ECLIPSEFS_ROOT_INO, &top) == 0);
    create(fs, &top, "a", S_IFREG | 0644, &node);
    create(fs, &top, "small", S_IFREG | 0644, &node);
    FUZZ_CHECK(efs_store(fs, &node, 100, read_pattern, NULL) == 0);
    create(fs, &top, "large", S_IFREG | 0644, &node);
    FUZZ_CHECK(efs_store(fs, &node, 20000, read_pattern, NULL) == 0);
    create(fs, &top, "link", S_IFLNK | 0777, &node);
    create(fs, &top, "some", S_IFDIR | 0755, &dir);
    create(fs, &dir, "file", S_IFREG | 0644, &node);
    create(fs, &dir, "below", S_IFDIR | 0755, &node);
    create(fs, &top, "many", S_IFDIR | 0755, &dir);
    create(fs, &dir, "b", S_IFREG | 0644, &node);
    for (unsigned i = 0; i < MANY_NAMES; i++) {
        long_name(name, i);
        FUZZ_CHECK(efs_begin(fs) == 0);
        int err = efs_link(fs, &dir, name, strlen(name), &node, 1000002);
        FUZZ_CHECK(efs_end(fs, err) == 0);
    }
}

static void
make_small(struct image *image, bool with_journal)
{
    struct efs_format format = {.inodes = 24, .uuid = "0123456789abcdef"};
    uint8_t *bytes = calloc(1, SMALL_SIZE), *cut = malloc(SMALL_SIZE);
    struct host_disk d;
    const char *why;
    struct efs fs;

    FUZZ_CHECK(bytes && cut);
    host_disk_wrap_rw(&d, bytes, SMALL_SIZE);
    FUZZ_CHECK(efs_format(&d.dev, &format) == 0);
    FUZZ_CHECK(efs_open(&fs, &d.dev, &why) == 0);
    FUZZ_CHECK(efs_start(&fs, false, &why) == 0);
    fill_small(&fs);
    FUZZ_CHECK(efs_commit(&fs) == 0);
    memcpy(cut, bytes, SMALL_SIZE); /* as power loss would leave it */
    FUZZ_CHECK(efs_stop(&fs) == 0);
    host_disk_close(&d);
    *image =
        (struct image){.bytes = with_journal ? cut : bytes, .size = SMALL_SIZE};
    free(with_journal ? bytes : cut);
}

static void
make_plain(struct image *image)
{
    static uint8_t content[6000];
    struct builder b;

    builder_init(&b, PLAIN_SIZE, 8);
    builder_begin(&b, 1);
    builder_number(&b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_DIRECTORY);
    builder_number(&b, ECLIPSEFS_MODE, 4, 040755);
    builder_open_entries(&b);
    builder_entry(&b, "some", 2);
    builder_entry(&b, "small", 3);
    builder_entry(&b, "large", 4);
    builder_entry(&b, "link", 5);
    builder_close_entries(&b);
    builder_end(&b);
    builder_dir1(&b, 2, "file", 6);
    builder_file(&b, 3, "content", 7);
    builder_file(&b, 4, content, sizeof(content));
    builder_symlink(&b, 5, "some/file");
    builder_file(&b, 6, "x", 1);
    builder_dir1(&b, 7, "a", 3);
    builder_file(&b, 8, "y", 1);
    *image = (struct image){.bytes = b.image, .size = b.size};
}

static void
make_sample(struct image *image, bool with_journal)
{
    *image = (struct image){
        .bytes = malloc(SAMPLE_SIZE), .size = SAMPLE_SIZE, .is_large = true};
    FUZZ_CHECK(image->bytes);
    sample_make(image->bytes, with_journal);
}

static bool
ends_in_crc(const uint8_t *block)
{
    return le32_load(block + BLOCK - 4) == crc32c(0, block, BLOCK - 4);
}

static void
prepare(struct image *image)
{
    image->tail_crc = calloc(1, image->size / BLOCK);
    FUZZ_CHECK(image->tail_crc);
    undo_disk_init(&image->disk, image->bytes, image->size);
    for (size_t i = 0; i < image->size / BLOCK; i++)
        image->tail_crc[i] = ends_in_crc(image->bytes + i * BLOCK);
}

void
images_make(void)
{
    make_small(&images[0], false);
    make_small(&images[1], true);
    make_plain(&images[PLAIN]);
    make_sample(&images[3], false);
    make_sample(&images[4], true);
    for (unsigned i = 0; i < IMAGES; i++)
        prepare(&images[i]);
}

/* ---- Damage ---- */

/* Makes the checksum of a block right that has one. */
static void
seal(struct mutation *m, size_t block)
{
    if (block == 0)
        mutate_seal_header(m);
    else if (loaded->tail_crc[block])
        mutate_seal_block(m, m->image + block * BLOCK);
    else
        mutate_seal_record(m, m->image + block * BLOCK);
}

/* Writes a few bytes somewhere, more often where a block begins. */
static void
patch(struct mutation *m, struct fuzz_input *in)
{
    size_t block = fuzz_choose(in, (unsigned)(m->size / BLOCK));
    size_t at = fuzz_number(in, 1), n = 1 + fuzz_choose(in, 8);

    if (at >= 192) /* anywhere */
        at = (at << 8 | fuzz_number(in, 1)) % (BLOCK - 8);
    uint8_t *place = m->image + block * BLOCK + at;
    const uint8_t *bytes = fuzz_bytes(in, &n);
    if (n > 0)
        memcpy(place, bytes, n);
    undo_disk_note(&loaded->disk, block, 1);
    seal(m, block);
}

static bool
damage(struct fuzz_input *in)
{
    struct mutation m = {.image = loaded->disk.now, .size = loaded->size};
    unsigned count = fuzz_choose(in, DAMAGES_MAX + 1);

    for (unsigned i = 0; i < count; i++) {
        unsigned kind = fuzz_choose(in, 2 * mutation_kinds());
        m.reseal = fuzz_choose(in, 8) != 0;
        if (kind >= mutation_kinds() || loaded->is_large) {
            patch(&m, in);
        } else { /* who knows where */
            m.random = fuzz_number(in, 2) * 0x9e3779b97f4a7c15 | 1;
            mutation_apply(&m, kind);
            undo_disk_note(&loaded->disk, 0, loaded->size / BLOCK);
        }
    }
    return count == 0;
}

bool
images_load(struct fuzz_input *in)
{
    loaded = &images[fuzz_choose(in, IMAGES)];
    undo_disk_set_back(&loaded->disk);
    bool whole = damage(in);
    return whole && loaded != &images[PLAIN];
}
