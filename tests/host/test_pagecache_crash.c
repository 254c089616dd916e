/* Files over a disk that loses its power, or fails: what fsync has promised
 * is there, and no byte shows that its file was never given. An argument says
 * how many runs lose it. */
// SOURCES: $(VFS_SRCS)

#include "vfs_rig.h"

#include "abi/errno.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCKS    420u
#define CACHE     64u
#define FILES     4u
#define FILE_MOST (48u * 1024)
#define OPS       127u

static struct vfs_rig rig;
static uint32_t seed;
static unsigned rounds = 2;
static uint8_t image[BLOCKS * BLOCK_SIZE];

static uint32_t
pick(uint32_t n)
{
    return crash_random(&seed, n);
}

/* ---- What was done to each file ---- */

enum kind { CREATE, WRITE, TRUNCATE, UNLINK, SYNC };

/* An operation; its number, from 1 on, is also the byte that it writes. */
static struct op {
    enum kind kind;
    unsigned file;
    size_t at, n;   /* of WRITE; TRUNCATE: at is the size */
    unsigned begun; /* events of the disk before it */
    unsigned done;  /* and after; CRASH_NEVER: it has failed */
    bool all;       /* SYNC: of everything */
} ops[OPS + 1];
static unsigned nops, runs;

static const char *
name_of(unsigned file)
{
    static char name[8];
    snprintf(name, sizeof name, "f%u", file);
    return name;
}

/* ---- Doing it ---- */

static struct inode *open_files[FILES];
static size_t sizes[FILES];

/* Whether an error is one that a failing disk may cause. */
static bool
is_failure(int64_t err)
{
    return err == -EIO || err == -EROFS || err == -EUCLEAN || err == -ENOSPC;
}

static int64_t
do_write(struct op *op)
{
    static uint8_t data[FILE_MOST];

    memset(data, (int)(op - ops), op->n);
    return vfs_pwrite(open_files[op->file], data, op->n, op->at);
}

static int64_t
do_op(struct op *op)
{
    unsigned f = op->file;

    switch (op->kind) {
    case CREATE:
        return vfs_create_file(&rig, name_of(f));
    case WRITE:
        return do_write(op);
    case TRUNCATE:
        return vfs_truncate(open_files[f], op->at);
    case UNLINK:
        return vfs_unlink(&rig, name_of(f));
    case SYNC:
        break;
    }
    return op->all ? vfs_sync_all(&rig) : vfs_fsync(open_files[f]);
}

static void
choose(struct op *op)
{
    unsigned f = pick(FILES), what = pick(20);
    size_t most = pick(3) ? 3 * BLOCK_SIZE : FILE_MOST;

    *op = (struct op){.file = f, .at = pick((uint32_t)most)};
    if (!open_files[f])
        op->kind = CREATE;
    else if (what < 10)
        op->kind = WRITE;
    else if (what < 14)
        op->kind = TRUNCATE;
    else if (what < 15)
        op->kind = UNLINK;
    else
        op->kind = SYNC;
    op->n = 1 + pick((uint32_t)MIN(most - op->at, 30000u));
    op->all = pick(3) == 0;
    if (op->kind == WRITE && pick(3) == 0)
        op->at = MIN(sizes[f], FILE_MOST - op->n);
    if (op->kind == TRUNCATE && pick(4) == 0)
        op->at = 0;
}

/* Takes note of what an operation has done. */
static void
note(struct op *op, int64_t result)
{
    unsigned f = op->file;

    op->done = result < 0 ? CRASH_NEVER : rig.disk.count;
    if (op->kind == CREATE && result == 0)
        open_files[f] = vfs_open(&rig, name_of(f));
    if (op->kind == WRITE && result > 0)
        op->n = (size_t)result;
    if (op->kind == UNLINK && result == 0) {
        inode_put(open_files[f]);
        open_files[f] = NULL;
    }
    sizes[f] = open_files[f] ? open_files[f]->size : 0;
}

static void
run(bool may_fail)
{
    memset(sizes, 0, sizeof sizes);
    runs++;
    for (nops = 1; nops <= OPS; nops++) {
        struct op *op = &ops[nops];
        choose(op);
        op->begun = rig.disk.count;
        int64_t result = do_op(op);
        if (result < 0 && !(may_fail ? is_failure(result) : result == -ENOSPC))
            fail_msg("operation %u: error %d", nops, (int)result);
        note(op, result);
        if (pick(8) == 0)
            bcache_shrink(CACHE);
    }
}

static void
close_files(void)
{
    for (unsigned f = 0; f < FILES; f++)
        if (open_files[f])
            inode_put(open_files[f]);
    memset(open_files, 0, sizeof open_files);
}

/* ---- What may be there after a crash ---- */

/* The last operation that was durable before event `at`; 0: none. */
static unsigned
find_promise(unsigned file, unsigned at)
{
    unsigned last = 0;

    for (unsigned i = 1; i < nops; i++)
        if (ops[i].kind == SYNC && ops[i].done <= at &&
            (ops[i].all || ops[i].file == file))
            last = i;
    return last;
}

/* The numbers of operations, 0 for a hole, as bits. */
struct set {
    uint64_t bits[2];
};

/* A file's states since the promise: what may be found is made of them. */
struct past {
    unsigned run, promise, last;
    bool may_exist, may_miss;
    size_t least, most;           /* size */
    size_t reach;                 /* the largest it ever was, or more */
    struct set may_be[FILE_MOST]; /* each byte */
};

static void
add(struct past *p, size_t at, unsigned i, bool promised)
{
    if (promised)
        p->may_be[at] = (struct set){{0}};
    p->may_be[at].bits[i / 64] |= 1ull << i % 64;
}

static void
apply(struct past *p, unsigned i, size_t *size, bool promised)
{
    const struct op *op = &ops[i];
    size_t from = *size;

    if (op->kind == CREATE || op->kind == UNLINK || op->kind == TRUNCATE) {
        from = op->kind == TRUNCATE ? MIN(op->at, from) : 0;
        *size = op->kind == TRUNCATE ? op->at : 0;
        p->may_exist |= !promised && op->kind != UNLINK;
        p->may_miss |= !promised && op->kind == UNLINK;
    }
    p->reach = MAX(p->reach, *size + op->at + op->n);
    for (size_t at = from; at < MIN(p->reach, FILE_MOST); at++)
        add(p, at, 0, promised);
    for (size_t at = op->at; op->kind == WRITE && at < op->at + op->n; at++)
        add(p, at, i, promised);
    if (op->kind == WRITE)
        *size = MAX(*size, op->at + op->n);
}

/* Adds up what has happened to a file by event `at`; after the same operations
 * as last time it is the same. */
static const struct past *
find_past(unsigned file, unsigned at)
{
    static struct past pasts[FILES];
    struct past *past = &pasts[file];
    unsigned promise = find_promise(file, at), last = promise;
    size_t size = 0;
    bool exists = false;

    while (last + 1 < nops && ops[last + 1].begun <= at)
        last++;
    if (past->run == runs && past->promise == promise && past->last == last)
        return past;
    *past = (struct past){.run = runs, .promise = promise, .last = last};
    for (unsigned i = 1; i <= last; i++) {
        bool failed = i <= promise && ops[i].done == CRASH_NEVER;
        if (ops[i].file == file && ops[i].kind != SYNC && !failed) {
            apply(past, i, &size, i <= promise);
            exists = i <= promise ? ops[i].kind != UNLINK : exists;
            past->least = MIN(past->least, size);
            past->most = MAX(past->most, size);
        }
        if (i == promise)
            past->least = past->most = size;
    }
    past->may_exist |= exists;
    past->may_miss |= !exists;
    return past;
}

static void
check_file(unsigned file, unsigned at)
{
    static const uint8_t zeros[FILE_MOST];
    static uint8_t data[FILE_MOST + 1];
    const struct past *past = find_past(file, at);
    struct inode *inode = vfs_open(&rig, name_of(file));

    if (!inode) {
        assert_true(past->may_miss);
        return;
    }
    assert_true(past->may_exist);
    assert_in_range(inode->size, past->least, past->most);
    int64_t n = vfs_pread(inode, data, sizeof data, 0);
    assert_int_equal(n, inode->size);
    for (int64_t i = 0; i < n; i++)
        if (data[i] > OPS ||
            !(past->may_be[i].bits[data[i] / 64] >> data[i] % 64 & 1))
            fail_msg("f%u has %u at %ld of %ld", file, data[i], (long)i,
                     (long)n);
    /* What is behind the end does not show when that moves up. */
    assert_int_equal(vfs_truncate(inode, FILE_MOST), 0);
    assert_int_equal(vfs_pread(inode, data, sizeof data, 0), FILE_MOST);
    assert_memory_equal(data + n, zeros, FILE_MOST - (size_t)n);
    inode_put(inode);
}

static void
check_crash(struct crash_disk *past, unsigned at, uint32_t cut)
{
    crash_disk_cut(past, at, cut, image);
    crash_disk_load(&rig.disk, image);
    vfs_mount(&rig);
    for (unsigned f = 0; f < FILES; f++)
        check_file(f, at);
    vfs_unmount(&rig);
    vfs_check(&rig);
}

/* Before a flush there is most to lose: any request may be missing. */
static void
check_crashes(struct crash_disk *past)
{
    for (unsigned at = 0; at <= past->count; at++) {
        bool flush = at < past->count && past->events[at].op == BLK_FLUSH;
        for (unsigned cut = 0; flush && cut < 3; cut++)
            check_crash(past, at, 2 * pick(1000));
        if (at % 8 == 0)
            check_crash(past, at, pick(8));
    }
}

static void
test_power_loss(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < rounds; round++) {
        seed = round;
        vfs_init(&rig, BLOCKS, CACHE);
        run(false);
        close_files();
        vfs_unmount(&rig);

        struct crash_disk past = rig.disk;
        crash_disk_init(&rig.disk, past.size);
        check_crashes(&past);
        crash_disk_free(&past);
        vfs_free(&rig);
    }
}

/* A file is cut, and then written to before its new end: the bytes behind it
 * must stay until the cut is durable. */
static void
test_power_loss_after_a_cut(void **state)
{
    static uint8_t data[9000];

    (void)state;
    vfs_init(&rig, BLOCKS, CACHE);
    memset(data, 1, sizeof data);
    assert_int_equal(vfs_create_file(&rig, "f0"), 0);
    struct inode *file = vfs_open(&rig, "f0");
    assert_int_equal(vfs_pwrite(file, data, sizeof data, 0), sizeof data);
    assert_int_equal(vfs_fsync(file), 0);
    unsigned from = rig.disk.count;
    assert_int_equal(vfs_truncate(file, 5000), 0);
    assert_int_equal(vfs_pwrite(file, data, 10, 4500), 10);
    assert_int_equal(vfs_fsync(file), 0);
    inode_put(file);
    vfs_unmount(&rig);

    struct crash_disk past = rig.disk;
    crash_disk_init(&rig.disk, past.size);
    for (unsigned at = from; at <= past.count; at++)
        for (uint32_t cut = 0; cut < 16; cut++) {
            crash_disk_cut(&past, at, cut, image);
            crash_disk_load(&rig.disk, image);
            vfs_mount(&rig);
            file = vfs_open(&rig, "f0");
            assert_true(file->size == 9000 || file->size == 5000);
            int64_t n = vfs_pread(file, data, sizeof data, 0);
            for (int64_t i = 0; i < n; i++)
                assert_int_equal(data[i], 1);
            inode_put(file);
            vfs_unmount(&rig);
        }
    crash_disk_free(&past);
    vfs_free(&rig);
}

/* Each write fails once, or from then on. Content may be lost, but the error
 * is told; what is left on the disk is sound. */
static void
test_write_errors(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 300; at += 7) {
        seed = at;
        vfs_init(&rig, BLOCKS, CACHE);
        rig.disk.fail_at = at;
        rig.disk.dead = at % 2;
        run(true);
        close_files();
        vfs_unmount(&rig);
        crash_disk_load(&rig.disk, rig.disk.now);
        vfs_mount(&rig);
        vfs_unmount(&rig);
        vfs_check(&rig);
        vfs_free(&rig);
    }
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_loss),
        cmocka_unit_test(test_power_loss_after_a_cut),
        cmocka_unit_test(test_write_errors),
    };
    if (argc > 1)
        rounds = (unsigned)strtoul(argv[1], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
