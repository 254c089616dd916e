#include "fs/pseudo.h"
#include "abi/limits.h"
#include "fs/attributes.h"
#include "lib/string.h"
#include "mm/slab.h"

/* An inode number holds the row, counted from 1, and above it the id. */
#define ROW_BITS 8u

/* Positions in a directory hold the row, and below it the id that has been
 * passed; those of a directory's own entries start at 2. */
#define FIRST_POS 2u
#define ID_BITS   40u

#define TEXT_FIRST_SIZE 512u

static const struct pseudo_row *
rows_of(const struct inode *inode)
{
    return inode->super->private;
}

static unsigned
index_of(const struct inode *inode)
{
    return (inode->ino & ((1u << ROW_BITS) - 1)) - 1;
}

uint64_t
pseudo_id(const struct inode *inode)
{
    return inode->ino >> ROW_BITS;
}

static uint64_t
make_ino(unsigned index, uint64_t id)
{
    return id << ROW_BITS | (index + 1);
}

/* ---- Text ---- */

int
text_put(struct text *out, const void *bytes, size_t len)
{
    if (len > out->size - out->len) {
        size_t size = MAX(out->size, (size_t)TEXT_FIRST_SIZE);
        while (size - out->len < len)
            size *= 2;
        char *data = kmalloc(size);
        if (!data) {
            out->failed = true;
            return -ENOMEM;
        }
        memcpy(data, out->data, out->len);
        kfree(out->data);
        out->data = data;
        out->size = size;
    }
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
    return 0;
}

static void
sink_put(struct fmt_sink *sink, const char *piece, size_t len)
{
    text_put(container_of(sink, struct text, sink), piece, len);
}

int
text_printf(struct text *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fmt_vformat(&out->sink, format, args);
    va_end(args);
    return out->failed ? -ENOMEM : 0;
}

static void
text_free(struct text *text)
{
    if (text)
        kfree(text->data);
    kfree(text);
}

/* Generates the text of inode. Returns 0 and *out to be freed, or an error. */
static int
text_generate(const struct inode *inode, struct text **out)
{
    const struct pseudo_row *row = &rows_of(inode)[index_of(inode)];
    struct text *text = *out = kzalloc(sizeof(*text));
    if (!text)
        return -ENOMEM;
    text->id = pseudo_id(inode);
    text->row = index_of(inode);
    text->sink.put = sink_put;
    int err = row->text ? text_put(text, row->text, strlen(row->text))
                        : row->show(text);
    if (!err && text->failed)
        err = -ENOMEM;
    if (err)
        text_free(text);
    return err;
}

static int
text_open(struct file *file)
{
    struct text *text;
    int err = text_generate(file->inode, &text);
    if (!err)
        file->private = text;
    return err;
}

static void
text_release(struct file *file)
{
    text_free(file->private);
}

static int64_t
text_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    const struct text *text = file->private;
    if (*offset >= text->len)
        return 0;
    int64_t n = uio_fill(uio, text->data + *offset, text->len - *offset);
    if (n > 0)
        *offset += (uint64_t)n;
    return n;
}

static const struct file_ops text_file_ops = {
    .open = text_open,
    .release = text_release,
    .read = text_read,
};

/* ---- Inodes ---- */

static bool
lies_in(const struct pseudo_row *row, const struct inode *dir)
{
    unsigned index = index_of(dir);
    return row->parent == index || (row->also && row->also == index);
}

static uint64_t
find_id(const struct pseudo_kind *kind, uint64_t dir, const char *name)
{
    char other[PSEUDO_NAME_MAX];
    uint64_t id = 0;
    if (kind->find)
        return kind->find(name);
    while ((id = kind->next(dir, id, other)) && strcmp(name, other) != 0)
        ;
    return id;
}

static int
pseudo_lookup(struct inode *dir, const char *name, size_t len,
              struct inode **out)
{
    const struct pseudo_row *rows = rows_of(dir);
    char text[NAME_MAX + 1];
    memcpy(text, name, len);
    text[len] = '\0';
    for (unsigned i = 1; rows[i].name; i++) {
        const struct pseudo_kind *kind = rows[i].kind;
        if (!lies_in(&rows[i], dir))
            continue;
        if (!kind && strcmp(rows[i].name, text) == 0)
            return inode_get(dir->super, make_ino(i, pseudo_id(dir)), out);
        uint64_t id = kind ? find_id(kind, pseudo_id(dir), text) : 0;
        if (id)
            return inode_get(dir->super, make_ino(i, id), out);
    }
    return -ENOENT;
}

static uint64_t
pos_of(unsigned index, uint64_t id)
{
    return FIRST_POS + ((uint64_t)index << ID_BITS | id);
}

/* Hands the names of row i on, from *pos on. Returns whether there was room. */
static bool
list_row(const struct inode *dir, unsigned i, uint64_t *pos,
         struct dir_sink *sink)
{
    const struct pseudo_row *row = &rows_of(dir)[i];
    uint64_t start = pos_of(i, 0), end = pos_of(i + 1, 0);
    if (!row->kind)
        return sink->entry(sink, row->name, strlen(row->name),
                           make_ino(i, pseudo_id(dir)), row->mode, end);

    char name[PSEUDO_NAME_MAX];
    uint64_t id = MAX(*pos, start) - start;
    while ((id = row->kind->next(pseudo_id(dir), id, name))) {
        if (!sink->entry(sink, name, strlen(name), make_ino(i, id), row->mode,
                         start + id))
            return false;
        *pos = start + id;
    }
    return true;
}

static int
pseudo_readdir(struct inode *dir, uint64_t *pos, struct dir_sink *sink)
{
    const struct pseudo_row *rows = rows_of(dir);
    for (unsigned i = 1; rows[i].name; i++) {
        uint64_t end = pos_of(i + 1, 0);
        if (*pos >= end)
            continue;
        if (lies_in(&rows[i], dir) && !list_row(dir, i, pos, sink))
            break;
        *pos = end;
    }
    return 0;
}

static int64_t
pseudo_readlink(struct inode *inode, char *buf, size_t size)
{
    struct text *text;
    int err = text_generate(inode, &text);
    if (err)
        return err;
    int64_t n = (int64_t)text->len;
    memcpy(buf, text->data, MIN(text->len, size));
    text_free(text);
    return n;
}

static int
pseudo_get_link(const struct inode *inode, struct dentry **out)
{
    const struct pseudo_row *row = &rows_of(inode)[index_of(inode)];
    return row->get_link ? row->get_link(pseudo_id(inode), index_of(inode), out)
                         : 0;
}

/* A device of whose kind there is but one can be given away, as login does
 * with the terminal. Its inode then stays, for nothing else remembers it. */
static int
pseudo_set_attributes(struct inode *inode, const struct inode_attributes *set)
{
    struct inode *self;
    if (!inode->rdev || rows_of(inode)[index_of(inode)].kind)
        return -EPERM;
    if (!inode->private) {
        int err = inode_get(inode->super, inode->ino, &self);
        if (err)
            return err;
        inode->private = self;
    }
    return attributes_apply(inode, set);
}

static const struct inode_ops pseudo_inode_ops = {
    .set_attributes = pseudo_set_attributes,
    .lookup = pseudo_lookup,
    .readdir = pseudo_readdir,
    .readlink = pseudo_readlink,
    .get_link = pseudo_get_link,
};

static int
pseudo_read_inode(struct inode *inode)
{
    const struct pseudo_row *row = &rows_of(inode)[index_of(inode)];
    bool many = row->kind && row->kind->get_rdev;
    const struct pseudo_row *above = row;
    while (!above->kind && above->parent)
        above = &rows_of(inode)[above->parent];
    inode->ops = &pseudo_inode_ops;
    inode->mode = row->mode;
    inode->nlink = S_ISDIR(row->mode) ? 2 : 1;
    inode->rdev = many ? row->kind->get_rdev(pseudo_id(inode)) : row->rdev;
    if (above->kind && above->kind->get_owner)
        above->kind->get_owner(pseudo_id(inode), &inode->uid, &inode->gid);
    inode->file_ops = S_ISREG(row->mode) ? &text_file_ops : row->file_ops;
    return 0;
}

const struct super_ops pseudo_super_ops = {.read_inode = pseudo_read_inode};
