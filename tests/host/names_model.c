#include "names_model.h"

#include "abi/errno.h"
#include "abi/mode.h"

struct efs_rig rig;
struct model_node model[INODES + 1];
struct efs_node node[INODES + 1]; /* as the disk should have them */
uint64_t now = 1000;

const char *
model_name_of(uint32_t i)
{
    static char names[NAMES][ECLIPSEFS_NAME_MAX + 1];
    memset(names[i], 'a' + (int)i, ECLIPSEFS_NAME_MAX - i);
    return names[i];
}

bool
model_is_dir(uint32_t ino)
{
    return S_ISDIR(model[ino].mode);
}

static bool
is_empty(uint32_t ino)
{
    static const uint32_t none[NAMES];
    return memcmp(model[ino].child, none, sizeof none) == 0;
}

bool
model_lies_below(uint32_t ino, uint32_t dir)
{
    while (ino != dir && ino != ECLIPSEFS_ROOT_INO)
        ino = model[ino].parent;
    return ino == dir;
}

uint32_t
model_links(uint32_t ino)
{
    uint32_t links = 2;

    if (!model_is_dir(ino))
        return model[ino].names;
    if (model[ino].names == 0 && ino != ECLIPSEFS_ROOT_INO)
        return 0;
    for (uint32_t i = 0; i < NAMES; i++)
        links += model_is_dir(model[ino].child[i]);
    return links;
}

int
model_setup(void **state)
{
    (void)state;
    rig_init(&rig, BLOCKS, INODES);
    memset(model, 0, sizeof model);
    model[ECLIPSEFS_ROOT_INO].mode = S_IFDIR | 0755;
    assert_int_equal(efs_node_read(&rig.fs, 1, &node[1]), 0);
    return 0;
}

int
model_teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* ---- What the disk says ---- */

static void
check_node(uint32_t ino)
{
    struct efs_node *n = &node[ino], disk;

    assert_int_equal(efs_node_read(&rig.fs, ino, &disk), 0);
    assert_int_equal(disk.mode, n->mode);
    assert_int_equal(disk.nlink, n->nlink);
    assert_int_equal(disk.nlink, model_links(ino));
    assert_int_equal(disk.uid, n->uid);
    assert_int_equal(disk.rdev, n->rdev);
    assert_int_equal(disk.atime, n->atime);
    assert_int_equal(disk.mtime, n->mtime);
    assert_int_equal(disk.ctime, n->ctime);
    assert_int_equal(disk.layout, n->layout);
    assert_int_equal(disk.data_len, n->data_len);
    for (uint32_t i = 0; i < NAMES && model_is_dir(ino); i++) {
        const char *name = model_name_of(i);
        struct efs_link link = {0};
        int err = efs_dir_lookup(&rig.fs, &disk, name, strlen(name), &link);
        assert_int_equal(err, model[ino].child[i] ? 0 : -ENOENT);
        assert_int_equal(link.ino, model[ino].child[i]);
    }
}

void
model_check(void)
{
    uint32_t free_inodes = 0, orphan = 0;

    for (uint32_t ino = 1; ino <= INODES; ino++) {
        if (model[ino].mode)
            check_node(ino);
        else
            free_inodes++;
        if (!model[ino].mode || model_links(ino) > 0)
            continue;
        assert_int_equal(efs_inode_next_orphan(&rig.fs, orphan, &orphan), 0);
        assert_int_equal(orphan, ino);
    }
    assert_int_equal(efs_inode_next_orphan(&rig.fs, orphan, &orphan), 0);
    assert_int_equal(orphan, 0);
    assert_int_equal(efs_space_free_inodes(&rig.fs), free_inodes);
}

/* ---- Operations on both ---- */

static struct efs_node saved[INODES + 1];

void
model_begin(void)
{
    now++;
    memcpy(saved, node, sizeof node);
    assert_int_equal(efs_begin(&rig.fs), 0);
}

int
model_end(int err)
{
    assert_int_equal(efs_end(&rig.fs, err), err);
    if (err)
        memcpy(node, saved, sizeof node);
    return err;
}

void
model_expect_touched(uint32_t dir)
{
    assert_int_equal(node[dir].mtime, now);
    assert_int_equal(node[dir].ctime, now);
}

void
model_name(uint32_t dir, uint32_t i, uint32_t ino)
{
    if (model[dir].child[i])
        model[model[dir].child[i]].names--;
    model[dir].child[i] = ino;
    if (ino) {
        model[ino].names++;
        model[ino].parent = dir;
    }
}

int
model_create(uint32_t dir, uint32_t i, const struct efs_new *what)
{
    const char *name = model_name_of(i);
    struct efs_node fresh;

    model_begin();
    struct efs_new stamped = *what;
    stamped.now = now;
    int err = model_end(
        efs_create(&rig.fs, &node[dir], name, strlen(name), &stamped, &fresh));
    if (err)
        return err;
    assert_int_equal(model[fresh.ino].mode, 0);
    node[fresh.ino] = fresh;
    model[fresh.ino] = (struct model_node){.mode = what->mode};
    model_name(dir, i, fresh.ino);
    model_expect_touched(dir);
    model_expect_touched(fresh.ino);
    return 0;
}

void
model_unlink(uint32_t dir, uint32_t i)
{
    const char *name = model_name_of(i);
    uint32_t ino = model[dir].child[i];
    bool may = !model_is_dir(ino) || is_empty(ino);

    model_begin();
    int err = model_end(
        efs_unlink(&rig.fs, &node[dir], name, strlen(name), &node[ino], now));
    assert_int_equal(err, may ? 0 : -ENOTEMPTY);
    if (err)
        return;
    model_name(dir, i, 0);
    model_expect_touched(dir);
    assert_int_equal(node[ino].ctime, now);
}

static void
release(uint32_t ino)
{
    int more = 1;

    while (more) {
        model_begin();
        more = efs_release(&rig.fs, &node[ino]);
        assert_true(more >= 0);
        assert_int_equal(model_end(0), 0);
    }
    model[ino] = (struct model_node){0};
}

void
model_release(void)
{
    uint32_t ino = 0;

    while (efs_inode_next_orphan(&rig.fs, ino, &ino) == 0 && ino)
        release(ino);
}

/* Mounting frees what has lost its names. */
void
model_remount(void)
{
    rig_remount(&rig);
    for (uint32_t ino = 1; ino <= INODES; ino++)
        if (model[ino].mode && model_links(ino) == 0)
            model[ino] = (struct model_node){0};
}

void
model_rename(uint32_t from, uint32_t i, uint32_t to, uint32_t j, bool exchange)
{
    uint32_t moved = model[from].child[i], other = model[to].child[j];
    struct efs_place source = {&node[from], model_name_of(i),
                               ECLIPSEFS_NAME_MAX - i, &node[moved]};
    struct efs_place target = {&node[to], model_name_of(j),
                               ECLIPSEFS_NAME_MAX - j,
                               other ? &node[other] : NULL};
    bool may = exchange || !model_is_dir(other) || is_empty(other);

    model_begin();
    int err = model_end(efs_rename(&rig.fs, &source, &target, exchange, now));
    assert_int_equal(err, may || moved == other ? 0 : -ENOTEMPTY);
    if (err || moved == other)
        return;
    model_name(from, i, 0);
    model_name(to, j, moved);
    if (exchange)
        model_name(from, i, other);
    model_expect_touched(from);
    model_expect_touched(to);
    assert_int_equal(node[moved].ctime, now);
    if (other)
        assert_int_equal(node[other].ctime, now);
}
