#include "dir_model.h"

#include "abi/errno.h"
#include "fs/eclipsefs/dirtree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint32_t
model_random(uint32_t limit)
{
    static uint64_t x = 88172645463325252;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)((x >> 16) % limit);
}

void
model_init(struct model *m, struct efs *fs, uint32_t most, size_t longest)
{
    *m = (struct model){.fs = fs, .most = most, .longest = longest};
    m->ino = calloc(most, sizeof m->ino[0]);
    model_reload(m);
}

void
model_free(struct model *m)
{
    free(m->ino);
    m->ino = NULL;
}

size_t
model_name(const struct model *m, uint32_t id, char name[ECLIPSEFS_NAME_MAX])
{
    size_t len = (size_t)snprintf(name, ECLIPSEFS_NAME_MAX, "%x", id);
    size_t end = len + id * 2654435761u % (m->longest - len + 1);

    while (len < end)
        name[len++] = (char)('g' + id % 20);
    return len;
}

static uint32_t
some_ino(const struct model *m)
{
    return 1 + model_random(m->fs->inode_count);
}

static int
end(struct model *m, const struct efs_node *before, int err)
{
    assert_int_equal(efs_end(m->fs, err), err);
    if (err)
        m->dir = *before;
    return err;
}

int
model_add(struct model *m, uint32_t id)
{
    char name[ECLIPSEFS_NAME_MAX];
    size_t len = model_name(m, id, name);
    struct efs_node before = m->dir;
    uint32_t ino = some_ino(m);

    assert_int_equal(efs_begin(m->fs), 0);
    int err = end(m, &before, efs_dir_add(m->fs, &m->dir, name, len, ino));
    if (!err) {
        m->ino[id] = ino;
        m->count++;
    }
    return err;
}

int
model_remove(struct model *m, uint32_t id)
{
    char name[ECLIPSEFS_NAME_MAX];
    size_t len = model_name(m, id, name);
    struct efs_node before = m->dir;

    assert_int_equal(efs_begin(m->fs), 0);
    int err = end(m, &before, efs_dir_remove(m->fs, &m->dir, name, len));
    if (!err) {
        m->ino[id] = 0;
        m->count--;
    }
    return err;
}

int
model_set(struct model *m, uint32_t id)
{
    char name[ECLIPSEFS_NAME_MAX];
    size_t len = model_name(m, id, name);
    struct efs_node before = m->dir;
    uint32_t ino = some_ino(m);

    assert_int_equal(efs_begin(m->fs), 0);
    int err = end(m, &before, efs_dir_set(m->fs, &m->dir, name, len, ino));
    if (!err)
        m->ino[id] = ino;
    return err;
}

void
model_reload(struct model *m)
{
    assert_int_equal(efs_node_read(m->fs, ECLIPSEFS_ROOT_INO, &m->dir), 0);
}

void
model_check_name(struct model *m, uint32_t id)
{
    char name[ECLIPSEFS_NAME_MAX];
    size_t len = model_name(m, id, name);
    struct efs_link link = {0};

    int err = efs_dir_lookup(m->fs, &m->dir, name, len, &link);
    assert_int_equal(err, m->ino[id] ? 0 : -ENOENT);
    assert_int_equal(link.ino, m->ino[id]);
}

bool
model_walk(struct model *m, uint64_t *pos, unsigned n, uint8_t *seen)
{
    char name[ECLIPSEFS_NAME_MAX];
    struct efs_entry entry;
    struct efs_dir d;
    int found = 1;

    efs_dir_open(&d, m->fs, &m->dir, *pos);
    for (; n > 0 && (found = efs_dir_next(&d, &entry)) > 0; n--) {
        char digits[9] = {0};
        memcpy(digits, entry.name, MIN(entry.len, 8u));
        uint32_t id = (uint32_t)strtoul(digits, NULL, 16);
        assert_true(id < m->most);
        assert_int_equal(entry.len, model_name(m, id, name));
        assert_memory_equal(entry.name, name, entry.len);
        assert_int_equal(entry.link.ino, m->ino[id]);
        assert_true(entry.next >= *pos);
        *pos = entry.next;
        seen[id]++;
    }
    efs_dir_close(&d);
    assert_true(found >= 0);
    return found == 0;
}

void
model_check(struct model *m)
{
    uint8_t *seen = calloc(m->most, 1);
    uint64_t pos = 0;

    assert_true(model_walk(m, &pos, UINT32_MAX, seen));
    for (uint32_t id = 0; id < m->most; id++)
        assert_int_equal(seen[id], m->ino[id] ? 1 : 0);
    free(seen);
}
