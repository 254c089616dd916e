/* eclipsefs as the kernel mounts it: inodes, lookups, positions, reads. */
// SOURCES: $(VFS_SRCS) tests/host/image_builder.c

#include "vfs_rig.h"

#include "abi/errno.h"
#include "abi/statfs.h"
#include "fs/eclipsefs/eclipsefs.h"
#include "host_kernel.h"
#include "image_builder.h"
#include "lib/bits.h"
#include "lib/crc32c.h"

#define CONTENT_SIZE 30000u
#define TARGET       "../somewhere/else"

static struct builder b;
static struct super *super;
static uint8_t content[CONTENT_SIZE];
static uint64_t second_entry; /* where in the image /dir's second one is */

/* ---- The image: /dir/{one,two,...}, /file, /link, /again -> /dir's inode */

static void
begin_dir(uint32_t ino)
{
    builder_begin(&b, ino);
    builder_number(&b, ECLIPSEFS_NODE_TYPE, 1, ECLIPSEFS_DIRECTORY);
    builder_number(&b, ECLIPSEFS_MODE, 4, 0100711);
    builder_number(&b, ECLIPSEFS_NLINK, 4, 2);
    builder_open_entries(&b);
}

static void
end_dir(void)
{
    builder_close_entries(&b);
    builder_end(&b);
}

static void
build(void)
{
    begin_dir(1);
    builder_entry(&b, "dir", 2);
    builder_entry(&b, "file", 3);
    builder_entry(&b, "link", 4);
    builder_entry(&b, "again", 2);
    builder_entry(&b, "gone", 9);
    end_dir();
    begin_dir(2);
    builder_entry(&b, "one", 3);
    second_entry = b.pos;
    builder_entry(&b, "..", 1); /* hidden */
    builder_entry(&b, "two", 4);
    builder_entry(&b, "three", 9);
    end_dir();
    builder_file(&b, 3, content, sizeof content);
    builder_symlink(&b, 4, TARGET);
}

static int
setup(void **state)
{
    (void)state;
    host_kernel_quiet = true;
    bcache_init(256);
    inode_init_cache();
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 13 + i / 251);
    builder_init(&b, 16 * ECLIPSEFS_BLOCK_SIZE, 4);
    build();
    assert_int_equal(eclipsefs_mount(builder_disk(&b), false, &super), 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    super->ops->unmount(super);
    builder_free(&b);
    return 0;
}

static struct inode *
get(uint64_t ino)
{
    struct inode *inode;
    assert_int_equal(inode_get(super, ino, &inode), 0);
    return inode;
}

/* Looks name up in dir. Returns the inode number, or the error. */
static int
lookup(struct inode *dir, const char *name)
{
    struct inode *inode;

    sleeplock_lock(&dir->lock);
    int err = dir->ops->lookup(dir, name, strlen(name), &inode);
    sleeplock_unlock(&dir->lock);
    if (err)
        return err;
    int ino = (int)inode->ino;
    inode_put(inode);
    return ino;
}

/* A sink with room for a few entries. */
struct names {
    struct dir_sink sink;
    unsigned room, count;
    char text[64]; /* name and type letter of each */
    uint64_t next;
};

static bool
take(struct dir_sink *sink, const char *name, size_t len, uint64_t ino,
     unsigned type_mode, uint64_t next_pos)
{
    struct names *names = container_of(sink, struct names, sink);
    const char *type = S_ISDIR(type_mode)   ? "/ "
                       : S_ISLNK(type_mode) ? "@ "
                       : S_ISREG(type_mode) ? " "
                                            : "? ";

    assert_true(ino > 0);
    if (names->count == names->room)
        return false;
    names->count++;
    strncat(names->text, name, len);
    strcat(names->text, type);
    names->next = next_pos;
    return true;
}

/* Reads up to room entries of dir from *pos on, and checks which. */
static void
expect_entries(struct inode *dir, uint64_t *pos, unsigned room,
               const char *text)
{
    struct names names = {.sink = {take}, .room = room};

    sleeplock_lock(&dir->lock);
    assert_int_equal(dir->ops->readdir(dir, pos, &names.sink), 0);
    sleeplock_unlock(&dir->lock);
    assert_string_equal(names.text, text);
}

static void
test_probe(void **state)
{
    struct super *other;

    (void)state;
    assert_true(eclipsefs_probe(builder_disk(&b)));
    b.image[3] ^= 1;
    assert_false(eclipsefs_probe(builder_disk(&b)));
    assert_int_equal(eclipsefs_mount(builder_disk(&b), false, &other), -EINVAL);
}

static void
test_attributes(void **state)
{
    struct inode *dir = get(1), *file = get(3), *link = get(4);

    (void)state;
    assert_int_equal(super->dev, 42);
    assert_true(super->read_only);
    assert_int_equal(dir->mode, S_IFDIR | 0711); /* NODE_TYPE counts */
    assert_int_equal(dir->nlink, 2);
    assert_int_equal(file->mode, S_IFREG | 0644);
    assert_int_equal(file->size, CONTENT_SIZE);
    assert_int_equal(link->mode & S_IFMT, S_IFLNK);
    assert_int_equal(link->size, strlen(TARGET));
    inode_put(dir);
    inode_put(file);
    inode_put(link);
}

static void
test_lookup(void **state)
{
    struct inode *root = get(1), *dir = get(2);

    (void)state;
    assert_int_equal(lookup(root, "file"), 3);
    assert_int_equal(lookup(root, "nothing"), -ENOENT);
    assert_int_equal(lookup(root, "gone"), -EUCLEAN);
    assert_int_equal(lookup(root, "dir"), 2);
    assert_int_equal(lookup(root, "dir"), 2);
    assert_int_equal(lookup(root, "again"), -EUCLEAN);
    assert_int_equal(lookup(dir, ".."), -ENOENT);
    assert_int_equal(lookup(dir, "one"), 3);
    inode_put(dir);
    inode_put(root);
}

static void
test_readdir(void **state)
{
    struct inode *dir = get(2);
    uint64_t pos = 2;

    (void)state;
    expect_entries(dir, &pos, 10, "one two@ three? ");
    expect_entries(dir, &pos, 10, "");
    pos = 2;
    expect_entries(dir, &pos, 1, "one ");
    expect_entries(dir, &pos, 0, "");
    expect_entries(dir, &pos, 1, "two@ ");
    expect_entries(dir, &pos, 9, "three? ");
    inode_put(dir);
}

/* lseek can set any position: it means the next entry. */
static void
test_readdir_from_anywhere(void **state)
{
    static const struct {
        uint64_t pos;
        const char *text;
    } cases[] = {
        {0, "one two@ three? "},
        {2, "one two@ three? "},
        {3, "two@ three? "},
        {13, "two@ three? "},
        {14, "two@ three? "},
        {23, "two@ three? "},
        {24, "three? "},
        {34, "three? "},
        {35, ""},
        {47, ""},
        {1000, ""},
        {UINT64_MAX, ""},
    };
    struct inode *dir = get(2);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t pos = cases[i].pos;
        expect_entries(dir, &pos, 10, cases[i].text);
    }
    inode_put(dir);
}

/* What stands before the damage is listed, then the error comes. */
static void
test_readdir_of_a_damaged_list(void **state)
{
    struct names names = {.sink = {take}, .room = 10};
    uint64_t pos = 2;

    (void)state;
    builder_store(b.image + second_entry, 4, 1000);
    builder_disk(&b);
    struct inode *dir = get(2);
    expect_entries(dir, &pos, 10, "one ");
    assert_int_equal(dir->ops->readdir(dir, &pos, &names.sink), -EUCLEAN);
    assert_int_equal(lookup(dir, "one"), 3);
    assert_int_equal(lookup(dir, "two"), -EUCLEAN);
    inode_put(dir);
}

static void
test_readlink(void **state)
{
    struct inode *link = get(4);
    char buf[64];

    (void)state;
    memset(buf, '#', sizeof buf);
    assert_int_equal(link->ops->readlink(link, buf, sizeof buf),
                     strlen(TARGET));
    assert_memory_equal(buf, TARGET "#", strlen(TARGET) + 1);
    memset(buf, '#', sizeof buf);
    assert_int_equal(link->ops->readlink(link, buf, 4), strlen(TARGET));
    assert_memory_equal(buf, "../s#", 5);
    inode_put(link);
}

static int64_t
read_file(struct inode *file, void *buf, size_t n, uint64_t at)
{
    struct uio uio;
    struct uio_vec vec;

    uio_init_kernel(&uio, &vec, buf, n);
    return pagecache_read(file, &uio, &at);
}

static void
test_read(void **state)
{
    static uint8_t copy[CONTENT_SIZE + 100];
    struct inode *file = get(3);

    (void)state;
    for (uint64_t at = 0; at < CONTENT_SIZE + 5000; at += 3331) {
        size_t left = at < CONTENT_SIZE ? CONTENT_SIZE - at : 0;
        assert_int_equal(read_file(file, copy, sizeof copy, at), left);
        assert_memory_equal(copy, content + MIN(at, CONTENT_SIZE), left);
        size_t part = MIN(left, 5001u);
        assert_int_equal(read_file(file, copy, 5001, at), part);
    }
    inode_put(file);
}

static void
test_missing_inodes(void **state)
{
    struct inode *inode;

    (void)state;
    assert_int_equal(inode_get(super, 9, &inode), -EUCLEAN);
    assert_int_equal(inode_get(super, 1ull << 32 | 1, &inode), -ENOENT);
}

static void
test_read_ends_with_the_process(void **state)
{
    static uint8_t copy[CONTENT_SIZE];
    struct inode *file = get(3);

    (void)state;
    vfs_killed = true;
    int64_t n = read_file(file, copy, sizeof copy, 0);
    vfs_killed = false;
    assert_in_range(n, 1, BLOCK_SIZE);
    inode_put(file);
}

/* ---- An image that changes ---- */

static struct vfs_rig rig;

static int
setup_writable(void **state)
{
    (void)state;
    vfs_init(&rig, 300, 256);
    super = rig.super;
    return 0;
}

static int
teardown_writable(void **state)
{
    (void)state;
    vfs_unmount(&rig);
    vfs_check(&rig);
    vfs_free(&rig);
    return 0;
}

static struct inode *
make(struct inode *dir, const char *name, uint32_t mode)
{
    struct inode_new what = {.mode = mode};
    struct inode *inode;

    assert_int_equal(dir->ops->create(dir, name, strlen(name), &what, &inode),
                     0);
    return inode;
}

/* A directory that has moved is found where it is, and nowhere else. */
static void
test_renamed_directories(void **state)
{
    struct inode *root = get(1), *a = make(root, "a", S_IFDIR | 0755);
    struct inode *other = make(root, "b", S_IFDIR | 0755);
    struct inode_place from = {root, "a", 1, a}, to = {other, "c", 1, NULL};

    (void)state;
    assert_int_equal(lookup(root, "a"), (int)a->ino);
    assert_int_equal(root->nlink, 4);
    assert_int_equal(root->ops->rename(&from, &to, false), 0);
    assert_int_equal(lookup(root, "a"), -ENOENT);
    assert_int_equal(lookup(other, "c"), (int)a->ino);
    assert_int_equal(root->nlink, 3);
    assert_int_equal(other->nlink, 3);

    struct inode *d = make(root, "d", S_IFDIR | 0755);
    from = (struct inode_place){root, "d", 1, d};
    to.inode = a;
    assert_int_equal(root->ops->rename(&from, &to, true), 0);
    assert_int_equal(lookup(root, "d"), (int)a->ino);
    assert_int_equal(lookup(other, "c"), (int)d->ino);
    inode_put(a);
    inode_put(other);
    inode_put(d);
    inode_put(root);
}

/* What fails has changed nothing. */
static void
test_failed_changes(void **state)
{
    struct inode *root = get(1), *a = make(root, "a", S_IFDIR | 0755);
    struct inode *other = make(a, "b", S_IFREG | 0644);
    int64_t mtime = root->mtime;

    (void)state;
    vfs_now++;
    assert_int_equal(root->ops->unlink(root, "a", 1, a), -ENOTEMPTY);
    assert_int_equal(root->nlink, 3);
    assert_int_equal(root->mtime, mtime);
    assert_int_equal(lookup(a, "b"), (int)other->ino);
    inode_put(a);
    inode_put(other);
    inode_put(root);
}

static void
test_attributes_and_devices(void **state)
{
    struct inode_attributes set = {.mask = SET_MODE | SET_UID | SET_MTIME,
                                   .mode = 0604,
                                   .uid = 7,
                                   .mtime = 99};
    struct inode_new null = {.mode = S_IFCHR | 0666, .rdev = 0x103};
    struct inode_new link = {
        .mode = S_IFLNK | 0777, .target = "../x", .target_len = 4};
    struct inode *root = get(1), *file = make(root, "f", S_IFREG | 0644), *node;
    char text[8] = "";

    (void)state;
    assert_int_equal(file->ops->set_attributes(file, &set), 0);
    assert_int_equal(root->ops->link(root, "g", 1, file), 0);
    inode_put(file);
    assert_int_equal(root->ops->create(root, "null", 4, &null, &node), 0);
    inode_put(node);
    assert_int_equal(root->ops->create(root, "link", 4, &link, &node), 0);
    inode_put(node);
    inode_put(root);
    vfs_remount(&rig);
    super = rig.super;

    file = vfs_open(&rig, "g");
    assert_int_equal(file->mode, S_IFREG | 0604);
    assert_int_equal(file->uid, 7);
    assert_int_equal(file->mtime, 99);
    assert_int_equal(file->nlink, 2);
    inode_put(file);
    node = vfs_open(&rig, "null");
    assert_int_equal(node->mode, S_IFCHR | 0666);
    assert_int_equal(node->rdev, 0x103);
    inode_put(node);
    node = vfs_open(&rig, "link");
    assert_int_equal(node->ops->readlink(node, text, sizeof text), 4);
    assert_string_equal(text, "../x");
    inode_put(node);
}

/* Mounted read-only, an image's free counts are what its header says: never
 * more than there can be. */
static void
test_free_counts_that_lie(void **state)
{
    struct efsx_header *ext = (void *)(rig.disk.now + EFSX_OFFSET);
    uint8_t kept[sizeof *ext];
    struct statfs st = {0};

    (void)state;
    vfs_unmount(&rig);
    memcpy(kept, ext, sizeof *ext);
    le64_store(ext->free_blocks, UINT64_MAX);
    le32_store(ext->free_inodes, UINT32_MAX);
    le32_store(ext->checksum,
               crc32c(0, ext, offsetof(struct efsx_header, checksum)));
    bcache_drop(NULL);
    assert_int_equal(eclipsefs_mount(&rig.disk.dev, true, &super), 0);
    super->ops->statfs(super, &st);
    super->ops->unmount(super);
    memcpy(ext, kept, sizeof *ext);
    bcache_drop(NULL);
    vfs_mount(&rig);
    assert_int_equal(st.f_bfree, st.f_blocks);
    assert_int_equal(st.f_bavail, st.f_blocks);
    assert_int_equal(st.f_ffree, st.f_files);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define CHANGES(f) \
    cmocka_unit_test_setup_teardown(f, setup_writable, teardown_writable)
    const struct CMUnitTest tests[] = {
        TEST(test_probe),
        TEST(test_attributes),
        TEST(test_lookup),
        TEST(test_readdir),
        TEST(test_readdir_from_anywhere),
        TEST(test_readdir_of_a_damaged_list),
        TEST(test_readlink),
        TEST(test_read),
        TEST(test_read_ends_with_the_process),
        TEST(test_missing_inodes),
        CHANGES(test_renamed_directories),
        CHANGES(test_failed_changes),
        CHANGES(test_attributes_and_devices),
        CHANGES(test_free_counts_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
