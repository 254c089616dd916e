#include "tree_model.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/mode.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX 2u /* of each name: its number */

struct model_node *model_root;
int64_t model_now;
size_t model_nodes;

/* ---- Nodes ---- */

static struct model_node *
new_node(uint32_t mode)
{
    struct model_node *node = calloc(1, sizeof *node);

    assert(node);
    node->mode = mode;
    node->atime = node->mtime = node->ctime = model_now;
    model_nodes++;
    return node;
}

static void
drop_node(struct model_node *node)
{
    if (node->names > 0 || node->opens > 0 || node == model_root)
        return;
    model_truncate(node, 0);
    free(node->pages);
    free(node);
    model_nodes--;
}

void
model_open(struct model_node *node)
{
    node->opens++;
}

void
model_close(struct model_node *node)
{
    node->opens--;
    drop_node(node);
}

void
model_init(void)
{
    model_nodes = 0;
    model_root = new_node(S_IFDIR | 0755);
    model_root->parent = model_root;
}

static void
free_below(struct model_node *dir)
{
    for (unsigned i = 0; i < MODEL_NAMES; i++) {
        struct model_node *node = dir->child[i];
        if (node && model_is_dir(node))
            free_below(node);
        if (node && --node->names == 0)
            drop_node(node);
    }
}

void
model_free(void)
{
    free_below(model_root);
    free(model_root);
}

bool
model_is_dir(const struct model_node *node)
{
    return S_ISDIR(node->mode);
}

bool
model_is_removed(const struct model_node *node)
{
    return node->names == 0 && node != model_root;
}

unsigned
model_links(const struct model_node *node)
{
    unsigned links = 2;

    if (!model_is_dir(node))
        return node->names;
    if (model_is_removed(node))
        return 0;
    for (unsigned i = 0; i < MODEL_NAMES; i++)
        links += node->child[i] && model_is_dir(node->child[i]);
    return links;
}

/* ---- Names ---- */

const char *
model_name(unsigned i)
{
    static const unsigned lengths[] = {2, 3, 12, 40, 100, 255};
    static char names[MODEL_NAMES][256];
    char *name = names[i];

    if (!*name) {
        memset(name, 0xc0 + (int)i % 8, lengths[i % 6]);
        name[0] = (char)('a' + i / 8);
        name[1] = (char)(' ' + i % 8);
    }
    return name;
}

unsigned
model_number(const char *name, size_t len)
{
    if (len < PREFIX)
        return MODEL_NAMES;
    unsigned i = (unsigned)((name[0] - 'a') * 8 + (name[1] - ' '));
    if (i >= MODEL_NAMES || strlen(model_name(i)) != len ||
        memcmp(name, model_name(i), len) != 0)
        return MODEL_NAMES;
    return i;
}

static void
touch(struct model_node *dir)
{
    dir->mtime = dir->ctime = model_now;
}

static void
set_name(struct model_node *dir, unsigned i, struct model_node *node)
{
    dir->child[i] = node;
    node->names++;
    node->ctime = model_now;
    if (model_is_dir(node))
        node->parent = dir;
    touch(dir);
}

/* Takes a name away from its node, which may be left without one. */
static struct model_node *
take_name(struct model_node *dir, unsigned i)
{
    struct model_node *node = dir->child[i];

    dir->child[i] = NULL;
    node->names--;
    if (model_is_dir(node))
        node->parent = node;
    node->ctime = model_now;
    touch(dir);
    return node;
}

static bool
is_empty(const struct model_node *dir)
{
    static struct model_node *const none[MODEL_NAMES];
    return memcmp(dir->child, none, sizeof none) == 0;
}

static bool
is_below(const struct model_node *node, const struct model_node *dir)
{
    while (node != dir && node->parent != node)
        node = node->parent;
    return node == dir;
}

int
model_may_create(const struct model_node *dir, unsigned i)
{
    if (dir->child[i])
        return -EEXIST;
    return model_is_removed(dir) ? -ENOENT : 0;
}

struct model_node *
model_create(struct model_node *dir, unsigned i, uint32_t mode)
{
    struct model_node *node = new_node(mode);

    if (dir->mode & S_ISGID) {
        node->gid = dir->gid;
        node->mode |= S_ISDIR(mode) ? S_ISGID : 0;
    }
    set_name(dir, i, node);
    return node;
}

int
model_may_link(const struct model_node *dir, unsigned i,
               const struct model_node *node)
{
    int err = model_may_create(dir, i);
    if (err)
        return err;
    if (model_is_dir(node))
        return -EPERM;
    return node->names == 0 ? -ENOENT : 0;
}

void
model_link(struct model_node *dir, unsigned i, struct model_node *node)
{
    set_name(dir, i, node);
}

/* Whether node's name may go, as that of a directory or not. */
static int
may_go(const struct model_node *node, bool directory)
{
    if (model_is_dir(node) != directory)
        return directory ? -ENOTDIR : -EISDIR;
    return directory && !is_empty(node) ? -ENOTEMPTY : 0;
}

int
model_may_unlink(const struct model_node *dir, unsigned i, bool directory)
{
    return dir->child[i] ? may_go(dir->child[i], directory) : -ENOENT;
}

void
model_unlink(struct model_node *dir, unsigned i)
{
    drop_node(take_name(dir, i));
}

int
model_may_rename(const struct model_node *from, unsigned i,
                 const struct model_node *to, unsigned j, unsigned flags)
{
    const struct model_node *old = from->child[i], *new = to->child[j];

    if (!old || ((flags & RENAME_EXCHANGE) && !new))
        return -ENOENT;
    if ((flags & RENAME_NOREPLACE) && new)
        return -EEXIST;
    if (is_below(to, old))
        return -EINVAL;
    if (new &&is_below(from, new))
        return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    if (old == new)
        return 0;
    if (model_is_removed(to))
        return -ENOENT;
    if (!new || (flags & RENAME_EXCHANGE))
        return 0;
    return may_go(new, model_is_dir(old));
}

void
model_rename(struct model_node *from, unsigned i, struct model_node *to,
             unsigned j, bool exchange)
{
    if (from->child[i] == to->child[j])
        return;
    struct model_node *old = take_name(from, i), *new = NULL;
    if (to->child[j])
        new = take_name(to, j);
    set_name(to, j, old);
    if (new &&exchange)
        set_name(from, i, new);
    else if (new)
        drop_node(new);
}

/* ---- Content ---- */

void
model_pattern(uint8_t *bytes, uint64_t at, size_t n, uint64_t tag)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)((tag + (at + i) * 37) % 255 + 1);
}

/* Where page index is among the pages, or belongs. */
static size_t
find_page(const struct model_node *node, uint64_t index)
{
    size_t low = 0, high = node->npages;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (node->pages[middle]->index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct model_page *
get_page(const struct model_node *node, uint64_t index)
{
    size_t i = find_page(node, index);
    if (i < node->npages && node->pages[i]->index == index)
        return node->pages[i];
    return NULL;
}

static struct model_page *
make_page(struct model_node *node, uint64_t index)
{
    struct model_page *page = get_page(node, index);
    size_t i = find_page(node, index);

    if (page)
        return page;
    page = calloc(1, sizeof *page);
    node->pages =
        realloc(node->pages, (node->npages + 1) * sizeof node->pages[0]);
    assert(page && node->pages);
    page->index = index;
    memmove(&node->pages[i + 1], &node->pages[i],
            (node->npages - i) * sizeof node->pages[0]);
    node->pages[i] = page;
    node->npages++;
    return page;
}

void
model_write(struct model_node *node, uint64_t at, const uint8_t *bytes,
            size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t skip = (at + done) % MODEL_PAGE;
        size_t piece = MIN(n - done, MODEL_PAGE - skip);
        struct model_page *page = make_page(node, (at + done) / MODEL_PAGE);
        memcpy(page->bytes + skip, bytes + done, piece);
        done += piece;
    }
    node->size = MAX(node->size, at + n);
    touch(node);
}

size_t
model_read(const struct model_node *node, uint64_t at, uint8_t *bytes, size_t n)
{
    n = at < node->size ? MIN(n, node->size - at) : 0;
    for (size_t done = 0; done < n;) {
        size_t skip = (at + done) % MODEL_PAGE;
        size_t piece = MIN(n - done, MODEL_PAGE - skip);
        const struct model_page *page =
            get_page(node, (at + done) / MODEL_PAGE);
        if (page)
            memcpy(bytes + done, page->bytes + skip, piece);
        else
            memset(bytes + done, 0, piece);
        done += piece;
    }
    return n;
}

void
model_truncate(struct model_node *node, uint64_t size)
{
    uint64_t whole = size / MODEL_PAGE + (size % MODEL_PAGE != 0);

    while (node->npages > 0 && node->pages[node->npages - 1]->index >= whole)
        free(node->pages[--node->npages]);
    if (node->npages > 0 && size % MODEL_PAGE) {
        struct model_page *last = get_page(node, size / MODEL_PAGE);
        size_t used = size % MODEL_PAGE;
        if (last)
            memset(last->bytes + used, 0, MODEL_PAGE - used);
    }
    node->size = size;
    touch(node);
}
