#include "model_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What was found ---- */

void
model_found_begin(struct model *m)
{
    for (size_t i = 0; i < m->nfound; i++)
        free(m->found[i].bytes);
    m->nfound = 0;
}

void
model_found_node(struct model *m, const char *path, char kind, unsigned mode,
                 unsigned nlink, const char *target)
{
    m->found =
        model_checked(realloc(m->found, (m->nfound + 1) * sizeof *m->found));
    struct found *f = &m->found[m->nfound++];
    *f = (struct found){.kind = kind, .mode = mode, .nlink = nlink};
    snprintf(f->path, sizeof f->path, "%s", path);
    snprintf(f->target, sizeof f->target, "%s", target);
}

void
model_found_content(struct model *m, const char *path, const uint8_t *bytes,
                    size_t size)
{
    for (size_t i = m->nfound; i-- > 0;) {
        struct found *f = &m->found[i];
        if (strcmp(f->path, path) != 0)
            continue;
        f->bytes = model_checked(malloc(size + 1));
        memcpy(f->bytes, bytes, size);
        f->size = size;
        f->has_content = true;
        return;
    }
}

bool
model_complain(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(text, size, format, args);
    va_end(args);
    return false;
}

/* ---- Comparing the tree ---- */

static bool
is_sync(const struct op *op)
{
    return op->result >= 0 &&
           (strcmp(op->verb, "sync") == 0 || strcmp(op->verb, "fsync") == 0 ||
            strcmp(op->verb, "fdatasync") == 0 ||
            strcmp(op->verb, "umount") == 0);
}

static bool
covers_all(const struct op *op)
{
    return strcmp(op->verb, "sync") == 0 || strcmp(op->verb, "umount") == 0;
}

/* The last operation on names that must have survived a cut at n. */
static size_t
names_durable(const struct model *m, size_t n)
{
    size_t durable = 0, last_names = 0;

    for (size_t i = 1; i < m->nops; i++) {
        const struct op *op = &m->ops[i];
        if (op->tree.names)
            last_names = i;
        if (!is_sync(op) || op->after > n)
            continue;
        size_t covered = last_names;
        if (!covers_all(op)) {
            /* As it was then: a later rename is not covered. */
            covered = 0;
            for (size_t j = i; j-- > 1 && !covered;)
                if (m->ops[j].tree.names && m->ops[j].node == op->node)
                    covered = j;
        }
        durable = MAX(durable, covered);
    }
    return durable;
}

/* What the content of node may be at a cut at n, if names are as after
 * operation j. */
static struct window
content_window(const struct model *m, unsigned node, size_t j, size_t n)
{
    struct window w = {0, 0};

    for (size_t i = 1; i < m->nops && m->ops[i].before <= n; i++) {
        const struct op *op = &m->ops[i];
        w.last = i + 1;
        if (is_sync(op) && op->after <= n &&
            (covers_all(op) || op->node == node))
            w.durable = i;
        if (i <= j && (op->whole[0] == node || op->whole[1] == node))
            w.durable = i;
    }
    return w;
}

static bool
check_contents(struct model *m, size_t j, size_t n, char *text, size_t size)
{
    const struct tree *t = &m->ops[j].tree;

    for (size_t i = 0; i < m->nfound; i++) {
        const struct found *f = &m->found[i];
        if (!f->has_content)
            continue;
        unsigned node = model_find_name(t, f->path)->node;
        struct window w = content_window(m, node, j, n);
        if (!model_content_fits(&m->nodes[node], w, f, text, size))
            return false;
    }
    return true;
}

bool
model_found_end(struct model *m, size_t n, char *text, size_t size)
{
    uint64_t hash = 0;
    size_t j, known = 0, durable = names_durable(m, n);
    bool fits = false;

    for (size_t i = 0; i < m->nfound; i++) {
        const struct found *f = &m->found[i];
        hash += model_hash_node(f->path, f->kind, f->mode, f->nlink, f->target);
    }
    model_complain(text, size, "names are as after no operation from %zu on",
                   durable);
    for (j = 0; j < m->nops && m->ops[j].before <= n && !fits; j++) {
        if (!m->ops[j].tree.names)
            continue;
        known |= m->ops[j].hash == hash;
        if (j >= durable && m->ops[j].hash == hash)
            fits = check_contents(m, j, n, text, size);
    }
    if (!fits && known && text[0] == 'n')
        model_complain(text, size, "names are as before operation %zu (%s %s)",
                       durable, m->ops[durable].verb, m->ops[durable].a);
    return fits;
}
