/* Files through the page cache: whatever is written, cut and thrown out of
 * memory, reads give what a plain array of bytes would. */
// SOURCES: $(VFS_SRCS)

#include "fs/eclipsefs/record_block.h"
#include "vfs_rig.h"

#include "abi/errno.h"
#include "abi/statfs.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/record.h"

#define BLOCKS 1200u
#define CACHE  64u /* the least there is */

static struct vfs_rig rig;
static uint32_t seed;

static uint32_t
pick(uint32_t n)
{
    return crash_random(&seed, n);
}

static int
setup(void **state)
{
    (void)state;
    seed = 1;
    vfs_init(&rig, BLOCKS, CACHE);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    vfs_free(&rig);
    return 0;
}

static uint64_t
count_free(void)
{
    struct statfs st;

    rig.super->ops->statfs(rig.super, &st);
    return st.f_bfree;
}

/* ---- A file and what it should hold ---- */

#define FILE_MOST (600u * 1024)

struct model {
    const char *name;
    struct inode *inode;
    size_t size;
    uint8_t bytes[FILE_MOST];
};

static void
model_create(struct model *m, const char *name)
{
    memset(m, 0, sizeof *m);
    m->name = name;
    assert_int_equal(vfs_create_file(&rig, name), 0);
    m->inode = vfs_open(&rig, name);
}

static void
model_write(struct model *m, size_t at, size_t n)
{
    static uint8_t data[FILE_MOST];

    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)(pick(255) + 1);
    assert_int_equal(vfs_pwrite(m->inode, data, n, at), n);
    memcpy(m->bytes + at, data, n);
    m->size = MAX(m->size, at + n);
}

static void
model_truncate(struct model *m, size_t size)
{
    assert_int_equal(vfs_truncate(m->inode, size), 0);
    if (size < m->size)
        memset(m->bytes + size, 0, m->size - size);
    m->size = size;
}

static void
model_check(struct model *m, size_t at, size_t n)
{
    static uint8_t data[FILE_MOST + BLOCK_SIZE];
    size_t left = at < m->size ? MIN(n, m->size - at) : 0;

    assert_int_equal(m->inode->size, m->size);
    assert_int_equal(vfs_pread(m->inode, data, n, at), left);
    assert_memory_equal(data, m->bytes + MIN(at, m->size), left);
}

static void
model_check_all(struct model *m)
{
    model_check(m, 0, m->size + 100);
}

/* Out of memory and back: from the disk, through an empty cache. */
static void
reopen_all(struct model *m, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        inode_put(m[i].inode);
    vfs_remount(&rig);
    for (unsigned i = 0; i < n; i++) {
        m[i].inode = vfs_open(&rig, m[i].name);
        assert_non_null(m[i].inode);
        model_check_all(&m[i]);
    }
}

static void
model_reopen(struct model *m)
{
    reopen_all(m, 1);
}

static void
model_close(struct model *m)
{
    inode_put(m->inode);
    vfs_unmount(&rig);
    vfs_check(&rig);
}

static struct model one;

/* ---- Cases ---- */

static void
test_small_files_stay_in_their_record(void **state)
{
    (void)state;
    uint64_t before = count_free();
    model_create(&one, "f");
    assert_int_equal(count_free(), before - 1);
    model_write(&one, 0, 100);
    model_write(&one, 50, 3000);
    model_check_all(&one);
    assert_int_equal(vfs_fsync(one.inode), 0);
    assert_int_equal(count_free(), before - 1);
    assert_int_equal(one.inode->blocks, 8);
    model_reopen(&one);
    model_write(&one, EFS_VALUE_MAX - 1, 1);
    model_reopen(&one);
    assert_int_equal(count_free(), before - 1);
    model_write(&one, EFS_VALUE_MAX, 1);
    model_reopen(&one);
    assert_int_equal(count_free(), before - 2);
    assert_int_equal(one.inode->blocks, 16);
    model_truncate(&one, 10);
    model_reopen(&one);
    assert_int_equal(count_free(), before - 2);
    model_truncate(&one, 0);
    model_write(&one, 0, 20);
    model_reopen(&one);
    assert_int_equal(count_free(), before - 1);
    model_close(&one);
}

/* Nothing of what was behind the end once is there when it moves up. */
static void
test_stale_bytes_do_not_come_back(void **state)
{
    static const size_t cuts[] = {1, 100, 4095, 4096, 4097, 5000, 8191, 8192};

    (void)state;
    model_create(&one, "f");
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
        for (unsigned way = 0; way < 8; way++) {
            model_write(&one, 0, 9000);
            if (way & 1)
                assert_int_equal(vfs_fsync(one.inode), 0);
            if (way & 2)
                bcache_drop(NULL);
            model_truncate(&one, cuts[i]);
            if (way & 1)
                bcache_drop(NULL);
            if (way & 4)
                model_truncate(&one, 20000);
            else
                model_write(&one, 15000, 5000);
            model_check_all(&one);
            model_reopen(&one);
        }
    model_close(&one);
}

static void
test_holes(void **state)
{
    (void)state;
    uint64_t before = count_free();
    model_create(&one, "f");
    model_truncate(&one, 500000);
    model_check_all(&one);
    model_reopen(&one);
    assert_int_equal(count_free(), before - 1);
    model_write(&one, 300000, 1);
    model_write(&one, 123456, 4096);
    model_reopen(&one);
    assert_int_equal(count_free(), before - 4);
    model_close(&one);
}

/* All that write accepts finds its place later. */
static void
test_full_disk(void **state)
{
    static uint8_t data[7 * BLOCK_SIZE];
    struct inode *files[40];
    unsigned n = 0;

    (void)state;
    uint64_t before = count_free();
    for (int64_t done = 1; done > 0; n++) {
        char name[2] = {(char)('0' + n), '\0'};
        assert_true(n < ARRAY_LEN(files));
        assert_int_equal(vfs_create_file(&rig, name), 0);
        files[n] = vfs_open(&rig, name);
        memset(data, (int)n + 1, sizeof data);
        done = 1;
        for (uint64_t at = 0; at < 60 * sizeof data && done > 0; at += 60000)
            done = vfs_pwrite(files[n], data, sizeof data, at);
        assert_true(done > 0 || done == -ENOSPC);
    }
    assert_int_equal(vfs_sync_all(&rig), 0);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(vfs_pwrite(files[i], data, 1, 0), 1);
        assert_int_equal(vfs_fsync(files[i]), 0);
        for (uint64_t at = 1; at < files[i]->size; at += 60000) {
            assert_int_equal(vfs_pread(files[i], data, 1, at), 1);
            assert_int_equal(data[0], i + 1);
        }
        inode_put(files[i]);
    }
    assert_in_range(count_free(), 0, before / 10);
    for (unsigned i = 0; i < n; i++) {
        char name[2] = {(char)('0' + i), '\0'};
        assert_int_equal(vfs_unlink(&rig, name), 0);
    }
    assert_int_equal(vfs_sync_all(&rig), 0);
    assert_in_range(count_free(), before - 2, before);
    vfs_unmount(&rig);
    vfs_check(&rig);
}

/* A file without a name lives as long as somebody has it open. What of it is
 * only in memory then is dropped. */
static void
test_unlinked_but_open(void **state)
{
    (void)state;
    uint64_t before = count_free();
    model_create(&one, "f");
    model_write(&one, 0, 100000);
    assert_int_equal(vfs_fsync(one.inode), 0);
    assert_int_equal(vfs_unlink(&rig, "f"), 0);
    model_write(&one, 50000, 200000);
    assert_int_equal(vfs_sync_all(&rig), 0);
    bcache_drop(NULL);
    model_check_all(&one);
    model_write(&one, 0, 100000);
    unsigned writes = rig.disk.count;
    inode_put(one.inode);
    assert_int_equal(rig.disk.count, writes);
    assert_int_equal(vfs_sync_all(&rig), 0);
    assert_int_equal(count_free(), before);
    vfs_unmount(&rig);
    vfs_check(&rig);
}

/* A crash may leave blocks behind the end of a file. They are not read, and
 * are freed before the file grows over them. */
static void
test_blocks_behind_the_end(void **state)
{
    const char *why;
    struct efs fs;
    struct efs_node node;

    (void)state;
    uint64_t before = count_free();
    model_create(&one, "f");
    model_write(&one, 0, 50000);
    uint32_t ino = (uint32_t)one.inode->ino;
    inode_put(one.inode);
    vfs_unmount(&rig);

    assert_int_equal(efs_open(&fs, &rig.disk.dev, &why), 0);
    assert_int_equal(efs_start(&fs, false, &why), 0);
    assert_int_equal(efs_node_read(&fs, ino, &node), 0);
    assert_int_equal(efs_begin(&fs), 0);
    node.size = 5000;
    assert_int_equal(efs_node_write(&fs, &node, node.data_len, NULL), 0);
    assert_int_equal(efs_end(&fs, 0), 0);
    assert_int_equal(efs_stop(&fs), 0);
    vfs_check(&rig);

    vfs_mount(&rig);
    one.inode = vfs_open(&rig, "f");
    memset(one.bytes + 5000, 0, 45000);
    one.size = 5000;
    model_check_all(&one);
    model_write(&one, 30000, 10);
    model_check_all(&one);
    model_reopen(&one);
    assert_int_equal(count_free(), before - 1 - 3);
    model_close(&one);
}

/* A write that would have replaced a page ends in the middle of it: the rest
 * is what it was before. */
static void
test_memory_that_is_not_there(void **state)
{
    static uint8_t data[BLOCK_SIZE];
    struct uio_vec vec[2] = {{(uintptr_t)data, 1000}, {1, BLOCK_SIZE - 1000}};

    (void)state;
    model_create(&one, "f");
    model_write(&one, 0, 3 * BLOCK_SIZE);
    assert_int_equal(vfs_fsync(one.inode), 0);
    for (uint64_t page = 1; page <= 3; page += 2) {
        struct uio uio = {.vec = vec, .residual = BLOCK_SIZE, .user = true};
        uint64_t at = page * BLOCK_SIZE;
        bcache_drop(NULL);
        sleeplock_lock(&one.inode->lock);
        assert_int_equal(pagecache_write(one.inode, &uio, &at), 1000);
        sleeplock_unlock(&one.inode->lock);
        memset(one.bytes + page * BLOCK_SIZE, 0, 1000);
        one.size = MAX(one.size, page * BLOCK_SIZE + 1000);
        model_check_all(&one);
        assert_int_equal(vfs_pwrite(one.inode, (void *)1, 10, 0), -EFAULT);
    }
    model_reopen(&one);
    model_close(&one);
}

/* Content that cannot be written is lost, which fsync tells once. */
static void
test_error_is_told_once(void **state)
{
    (void)state;
    model_create(&one, "f");
    model_write(&one, 0, 12 * BLOCK_SIZE);
    assert_int_equal(vfs_fsync(one.inode), 0);
    static struct model old;
    old = one;
    model_write(&one, one.size, 50000);
    rig.disk.fail_at = rig.disk.count;
    assert_int_equal(vfs_sync_all(&rig), -EIO);
    assert_int_equal(vfs_fsync(one.inode), -EIO);
    assert_int_equal(vfs_fsync(one.inode), 0);
    assert_int_equal(one.inode->size, old.size);
    one = old;
    model_write(&one, 30000, 40000);
    model_reopen(&one);
    model_close(&one);
}

static void
test_read_error_is_not_kept(void **state)
{
    uint8_t byte;

    (void)state;
    model_create(&one, "f");
    model_write(&one, 0, 50000);
    assert_int_equal(vfs_fsync(one.inode), 0);
    bcache_drop(NULL);
    rig.disk.fail_read = rig.disk.reads;
    model_check_all(&one); /* the page alone can be read */
    bcache_drop(NULL);
    assert_int_equal(vfs_pread(one.inode, &byte, 1, 0), 1);
    rig.disk.fail_read = rig.disk.reads;
    assert_int_equal(vfs_pread(one.inode, &byte, 1, 40000), -EIO);
    model_check_all(&one);
    model_close(&one);
}

/* Requests are large, whatever the size of the calls. */
static void
test_large_requests(void **state)
{
    struct bcache_stats before, after;

    (void)state;
    bcache_drop(NULL);
    model_create(&one, "f");
    unsigned events = rig.disk.count;
    for (size_t at = 0; at < 500000; at += 1000)
        model_write(&one, at, 1000);
    assert_int_equal(vfs_fsync(one.inode), 0);
    assert_in_range(rig.disk.count - events, 1, 30);
    bcache_drop(NULL);
    bcache_get_stats(&before);
    for (size_t at = 0; at < 500000; at += 1000)
        model_check(&one, at, 1000);
    bcache_get_stats(&after);
    assert_in_range(after.reads - before.reads, 1, 20);
    model_close(&one);
}

static void
test_nothing_to_do(void **state)
{
    (void)state;
    model_create(&one, "f");
    model_write(&one, 0, 10000);
    assert_int_equal(vfs_sync_all(&rig), 0);
    unsigned events = rig.disk.count, wanted = vfs_wanted;
    assert_int_equal(vfs_sync_all(&rig), 0);
    model_check_all(&one);
    for (unsigned i = events; i < rig.disk.count; i++)
        assert_int_equal(rig.disk.events[i].op, BLK_FLUSH);
    assert_int_equal(vfs_wanted, wanted);
    model_close(&one);
}

static void
test_random_operations(void **state)
{
    static struct model m[3];
    static const char *const names[] = {"a", "b", "c"};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(m); i++)
        model_create(&m[i], names[i]);
    for (unsigned step = 0; step < 1500; step++) {
        struct model *f = &m[pick(ARRAY_LEN(m))];
        size_t most = pick(4) ? 3 * BLOCK_SIZE : FILE_MOST;
        size_t at = pick((uint32_t)most);
        unsigned what = pick(100);
        if (what < 45)
            model_write(f, at, 1 + pick((uint32_t)MIN(most - at, 60000u)));
        else if (what < 75)
            model_check(f, at, pick(70000));
        else if (what < 85)
            model_truncate(f, pick(5) ? at : 0);
        else if (what < 90)
            assert_int_equal(vfs_fsync(f->inode), 0);
        else if (what < 93)
            assert_int_equal(vfs_sync_all(&rig), 0);
        else if (what < 98)
            bcache_shrink(pick(CACHE));
        else
            reopen_all(m, ARRAY_LEN(m));
    }
    for (unsigned i = 0; i < ARRAY_LEN(m); i++) {
        model_check_all(&m[i]);
        inode_put(m[i].inode);
    }
    vfs_unmount(&rig);
    vfs_check(&rig);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_small_files_stay_in_their_record),
        TEST(test_stale_bytes_do_not_come_back),
        TEST(test_holes),
        TEST(test_full_disk),
        TEST(test_unlinked_but_open),
        TEST(test_blocks_behind_the_end),
        TEST(test_memory_that_is_not_there),
        TEST(test_error_is_told_once),
        TEST(test_read_error_is_not_kept),
        TEST(test_large_requests),
        TEST(test_nothing_to_do),
        TEST(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
