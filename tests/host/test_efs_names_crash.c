/* Operations on names over a disk that loses its power: the tree is the one
 * after some operation, and none before the last commit. An argument says how
 * many histories are cut. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c tests/host/crash_disk.c

#include "efs_rig.h"

#include "abi/errno.h"
#include "abi/mode.h"
#include "crash_disk.h"
#include "fs/eclipsefs/names.h"
#include "host_kernel.h"
#include "lib/crc32c.h"

#include <stdlib.h>

#define BLOCKS 600u
#define DIRS   3u  /* inodes 1 to 3, which stay; others have no names in them */
#define NAMES  40u /* in each, so long that they need leaves */
#define STEPS  400u

static struct crash_disk disk;
static struct efs fs;
static uint8_t image[BLOCKS * BLOCK_SIZE];
static uint32_t seed;
static unsigned histories = 2;
static uint64_t now, digests[STEPS + 1]; /* of the tree after each step */

/* A name in a directory, and what it leads to, if anything. */
struct place {
    char name[ECLIPSEFS_NAME_MAX];
    uint32_t ino; /* 0: nothing */
    struct efs_place at;
};

static struct efs_node nodes[513];

static uint32_t
pick(uint32_t n)
{
    return crash_random(&seed, n);
}

static void
choose(struct place *p)
{
    uint32_t dir = 1 + pick(DIRS), i = pick(NAMES);
    struct efs_link link = {0};

    memset(p->name, 'a' + (int)(i % 26), sizeof p->name);
    p->name[0] = (char)('0' + i / 26);
    p->at = (struct efs_place){&nodes[dir], p->name, sizeof p->name - i, NULL};
    int err = efs_dir_lookup(&fs, p->at.dir, p->name, p->at.len, &link);
    assert_true(err == 0 || err == -ENOENT);
    p->ino = link.ino;
    if (!err)
        p->at.node = &nodes[p->ino];
}

/* ---- Operations ---- */

static void
begin(void)
{
    now++;
    assert_int_equal(efs_begin(&fs), 0);
}

static void
end(int err)
{
    assert_int_equal(err, 0);
    assert_int_equal(efs_end(&fs, 0), 0);
}

static void
create(const struct efs_place *at)
{
    static const uint32_t modes[] = {S_IFREG, S_IFREG, S_IFDIR, S_IFLNK};
    struct efs_new what = {.mode = modes[pick(4)] | 0700, .now = now + 1};
    struct efs_node node;

    if (S_ISLNK(what.mode)) {
        what.target = at->name;
        what.target_len = at->len;
    }
    begin();
    end(efs_create(&fs, at->dir, at->name, at->len, &what, &node));
    nodes[node.ino] = node;
}

static void
link_to(const struct efs_place *at, struct efs_node *node)
{
    if (!node || node->type == ECLIPSEFS_DIRECTORY)
        return;
    begin();
    end(efs_link(&fs, at->dir, at->name, at->len, node, now));
}

static void
unlink_at(const struct efs_place *at)
{
    begin();
    end(efs_unlink(&fs, at->dir, at->name, at->len, at->node, now));
}

static void
release_orphans(void)
{
    uint32_t ino = 0;

    while (efs_inode_next_orphan(&fs, ino, &ino) == 0 && ino) {
        begin();
        end(efs_release(&fs, &nodes[ino]));
    }
}

static void
rename_to(struct efs_place *from, struct efs_place *to)
{
    bool exchange = to->node && pick(2);

    begin();
    end(efs_rename(&fs, from, to, exchange, now));
}

static void
step(void)
{
    struct place a, b;

    choose(&a);
    choose(&b);
    if (!a.ino && pick(4))
        create(&a.at);
    else if (!a.ino)
        link_to(&a.at, b.at.node);
    else if (pick(3))
        rename_to(&a.at, &b.at);
    else
        unlink_at(&a.at);
    if (pick(3) == 0) /* what has no name is an orphan until then */
        release_orphans();
}

/* ---- The tree as one number ---- */

static uint64_t
mix(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x9e3779b97f4a7c15 + (digest >> 29);
}

/* Also checks that links are counted rightly. */
static uint64_t
digest_tree(struct efs *of)
{
    uint32_t links[513] = {[1] = 2}, ino = 0, used = 0;
    uint64_t digest = 0;
    struct efs_entry entry;
    struct efs_node node;
    struct efs_dir d;

    for (uint32_t dir = 1; dir <= DIRS; dir++) {
        assert_int_equal(efs_node_read(of, dir, &nodes[dir]), 0);
        efs_dir_open(&d, of, &nodes[dir], 0);
        while (efs_dir_next(&d, &entry) > 0) {
            assert_int_equal(efs_node_read(of, entry.link.ino, &node), 0);
            bool is_dir = node.type == ECLIPSEFS_DIRECTORY;
            links[node.ino] += is_dir ? 2 : 1;
            links[dir] += is_dir;
            digest = mix(mix(digest, dir), crc32c(0, entry.name, entry.len));
            digest = mix(mix(digest, node.ino), node.mode);
            digest = mix(mix(digest, node.nlink), node.ctime);
        }
        efs_dir_close(&d);
        digest = mix(mix(digest, nodes[dir].nlink), nodes[dir].mtime);
    }
    for (uint32_t i = 1; i <= of->inode_count; i++) {
        used += links[i] > 0;
        if (links[i] && efs_node_read(of, i, &node) == 0)
            assert_int_equal(node.nlink, links[i]);
    }
    while (efs_inode_next_orphan(of, ino, &ino) == 0 && ino) {
        assert_int_equal(links[ino], 0);
        used++;
    }
    assert_int_equal(of->inode_count - efs_space_free_inodes(of), used);
    return digest;
}

/* ---- Power loss ---- */

static void
make_history(uint32_t start)
{
    struct efs_format options = {.inodes = 512};
    struct efs_new dir = {.mode = S_IFDIR | 0755};
    const char *why;

    seed = start;
    crash_disk_init(&disk, BLOCKS * BLOCK_SIZE);
    assert_int_equal(efs_format(&disk.dev, &options), 0);
    assert_int_equal(efs_open(&fs, &disk.dev, &why), 0);
    assert_int_equal(efs_start(&fs, false, &why), 0);
    assert_int_equal(efs_node_read(&fs, 1, &nodes[1]), 0);
    for (uint32_t i = 2; i <= DIRS; i++) {
        begin();
        end(efs_create(&fs, &nodes[1], i == 2 ? "A" : "B", 1, &dir, &nodes[i]));
        assert_int_equal(nodes[i].ino, i);
    }
    assert_int_equal(efs_stop(&fs), 0);
    crash_disk_load(&disk, disk.now);
    bcache_drop(NULL);
    assert_int_equal(efs_open(&fs, &disk.dev, &why), 0);
    assert_int_equal(efs_start(&fs, false, &why), 0);
    digests[0] = digest_tree(&fs);
    for (unsigned i = 1; i <= STEPS; i++) {
        step();
        digests[i] = digest_tree(&fs);
        if (pick(12) == 0) {
            assert_int_equal(efs_commit(&fs), 0);
            disk.promised = i;
        }
    }
    rig_check(&fs);
    assert_int_equal(efs_stop(&fs), 0);
}

static void
check_left(unsigned promised)
{
    struct host_disk host;
    struct efs left;
    const char *why;

    host_disk_wrap_rw(&host, image, sizeof image);
    assert_int_equal(efs_open(&left, &host.dev, &why), 0);
    assert_int_equal(efs_start(&left, false, &why), 0);
    rig_check(&left);
    uint64_t digest = digest_tree(&left);
    unsigned i = promised;
    while (i <= STEPS && digests[i] != digest)
        i++;
    assert_true(i <= STEPS);
    assert_int_equal(efs_stop(&left), 0);
    host_disk_close(&host);
}

static void
test_crash_anywhere(void **state)
{
    (void)state;
    host_kernel_quiet = true;
    bcache_init(256);
    for (uint32_t start = 1; start <= histories; start++) {
        make_history(start);
        for (unsigned at = 0; at <= disk.count; at += 1 + pick(5)) {
            crash_disk_cut(&disk, at, pick(100), image);
            check_left(at < disk.count ? disk.events[at].promised
                                       : disk.promised);
        }
        bcache_drop(NULL);
        crash_disk_free(&disk);
    }
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash_anywhere),
    };
    if (argc > 1)
        histories = (unsigned)strtoul(argv[1], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
