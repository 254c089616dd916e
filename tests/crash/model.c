#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE  512
#define SLOTS      16
#define PAGE       4096u
#define NOT_SYNCED SIZE_MAX

/* A change of one file's content. */
struct event {
    size_t op;
    bool truncate;
    uint64_t offset, length; /* length alone is the size for a truncation */
    uint64_t tag;
};

struct node {
    char kind;
    unsigned mode, nlink;
    char *target;
    struct event *events;
    size_t nevents;
    size_t last_names_op; /* the last operation on its names or attributes */
};

/* Names are kept whole: a renamed directory renames what lies below. */
struct name {
    char path[PATH_SIZE];
    unsigned node;
};

struct tree {
    struct name *names; /* sorted by path */
    size_t count;
};

struct op {
    long result;
    size_t before, after; /* log entries */
    char verb[12];
    char a[PATH_SIZE], b[PATH_SIZE];
    uint64_t number[3];
    unsigned node;    /* that it works on; 0: none */
    struct tree tree; /* after it, if it changes names or attributes; else
                       * none, and the one before holds */
    uint64_t hash;    /* of that tree */
    struct node *attributes; /* of all nodes, with the tree */
};

struct found {
    char path[PATH_SIZE];
    char kind;
    unsigned mode, nlink;
    char target[PATH_SIZE];
    uint8_t *bytes;
    size_t size;
    bool has_content;
};

struct model {
    struct op *ops;
    size_t nops;
    struct node *nodes;
    size_t nnodes;
    struct found *found;
    size_t nfound;
};

static void *
checked(void *memory)
{
    if (!memory) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

static NORETURN void
broken_trace(size_t line, const char *why)
{
    fprintf(stderr, "trace, operation %zu: %s\n", line, why);
    exit(2);
}

/* ---- The tree of names ---- */

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->path,
                  ((const struct name *)b)->path);
}

static struct name *
find_name(const struct tree *t, const char *path)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->names[i].path, path) == 0)
            return &t->names[i];
    return NULL;
}

static void
add_name(struct tree *t, const char *path, unsigned node)
{
    t->names = checked(realloc(t->names, (t->count + 1) * sizeof *t->names));
    snprintf(t->names[t->count].path, PATH_SIZE, "%s", path);
    t->names[t->count++].node = node;
}

static void
drop_name(struct tree *t, const char *path)
{
    struct name *name = find_name(t, path);
    *name = t->names[--t->count];
}

/* Whether path is dir or lies below it. */
static bool
is_below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Renames whatever lies at or below from. */
static void
move_names(struct tree *t, const char *from, const char *to)
{
    for (size_t i = 0; i < t->count; i++) {
        char *path = t->names[i].path, moved[2 * PATH_SIZE];
        if (!is_below(path, from))
            continue;
        snprintf(moved, sizeof moved, "%s%s", to, path + strlen(from));
        snprintf(path, PATH_SIZE, "%.*s", PATH_SIZE - 1, moved);
    }
}

/* The node of the directory that path stands in. */
static unsigned
parent_node(const struct tree *t, const char *path)
{
    char parent[PATH_SIZE];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (!slash)
        return 0;
    *slash = '\0';
    const struct name *name = find_name(t, parent);
    return name ? name->node : 0;
}

/* ---- Applying operations ---- */

static unsigned
new_node(struct model *m, char kind, unsigned mode, const char *target)
{
    m->nodes = checked(realloc(m->nodes, (m->nnodes + 1) * sizeof *m->nodes));
    m->nodes[m->nnodes] = (struct node){
        .kind = kind,
        .mode = mode,
        .nlink = kind == 'd' ? 2 : 1,
        .target = checked(strdup(target)),
    };
    return (unsigned)m->nnodes++;
}

static void
add_event(struct node *node, struct event event)
{
    node->events = checked(
        realloc(node->events, (node->nevents + 1) * sizeof *node->events));
    node->events[node->nevents++] = event;
}

/* A write is no longer whole once it is larger than a page: power may be lost
 * between any two of them. */
static void
add_write(struct node *node, struct event event)
{
    uint64_t end = event.offset + event.length;

    while (event.offset < end) {
        uint64_t page_end = (event.offset / PAGE + 1) * PAGE;
        event.length = MIN(end, page_end) - event.offset;
        add_event(node, event);
        event.offset += event.length;
    }
}

static void
lose_name(struct model *m, struct tree *t, const char *path)
{
    struct node *node = &m->nodes[find_name(t, path)->node];
    if (node->kind == 'd') {
        node->nlink = 0;
        m->nodes[parent_node(t, path)].nlink--;
    } else {
        node->nlink--;
    }
    drop_name(t, path);
}

static void
change_parent(struct model *m, const struct tree *t, const struct op *op,
              unsigned node)
{
    if (m->nodes[node].kind != 'd')
        return;
    m->nodes[parent_node(t, op->a)].nlink--;
    m->nodes[parent_node(t, op->b)].nlink++;
}

static void
apply_rename(struct model *m, struct tree *t, struct op *op)
{
    unsigned moved = find_name(t, op->a)->node;
    const struct name *target = find_name(t, op->b);

    op->node = moved;
    if (target && target->node == moved)
        return;
    if (target)
        lose_name(m, t, op->b);
    change_parent(m, t, op, moved);
    move_names(t, op->a, op->b);
}

static void
apply_exchange(struct model *m, struct tree *t, struct op *op)
{
    unsigned a = find_name(t, op->a)->node, b = find_name(t, op->b)->node;
    struct op back = *op;

    op->node = a;
    change_parent(m, t, op, a);
    snprintf(back.a, PATH_SIZE, "%s", op->b);
    snprintf(back.b, PATH_SIZE, "%s", op->a);
    change_parent(m, t, &back, b);
    move_names(t, op->a, "//moving");
    move_names(t, op->b, op->a);
    move_names(t, "//moving", op->b);
    m->nodes[b].last_names_op = (size_t)(op - m->ops);
}

/* Applies an operation that changes names or attributes. Returns whether op
 * is one. */
static bool
apply_names(struct model *m, struct tree *t, struct op *op)
{
    const char *verb = op->verb;
    const struct name *name;

    if (strcmp(verb, "create") == 0 || strcmp(verb, "mkdir") == 0) {
        bool dir = verb[0] == 'm';
        op->node = new_node(m, dir ? 'd' : 'f', dir ? 0755 : 0644, "");
        if (dir)
            m->nodes[parent_node(t, op->a)].nlink++;
        add_name(t, op->a, op->node);
    } else if (strcmp(verb, "symlink") == 0) {
        op->node = new_node(m, 'l', 0777, op->a);
        add_name(t, op->b, op->node);
    } else if (strcmp(verb, "link") == 0) {
        op->node = find_name(t, op->a)->node;
        m->nodes[op->node].nlink++;
        add_name(t, op->b, op->node);
    } else if (strcmp(verb, "unlink") == 0 || strcmp(verb, "rmdir") == 0) {
        op->node = find_name(t, op->a)->node;
        lose_name(m, t, op->a);
    } else if (strcmp(verb, "rename") == 0) {
        apply_rename(m, t, op);
    } else if (strcmp(verb, "exchange") == 0) {
        apply_exchange(m, t, op);
    } else if (strcmp(verb, "chmod") == 0 && (name = find_name(t, op->a))) {
        op->node = name->node;
        m->nodes[op->node].mode = (unsigned)op->number[0];
    } else {
        return false;
    }
    m->nodes[op->node].last_names_op = (size_t)(op - m->ops);
    return true;
}

static void
apply_content(struct model *m, const struct tree *t, struct op *op,
              unsigned slots[SLOTS])
{
    const struct name *name = find_name(t, op->a);
    size_t index = (size_t)(op - m->ops);
    unsigned slot = (unsigned)op->number[0] % SLOTS;

    if (strcmp(op->verb, "open") == 0) {
        slots[slot] = name->node;
    } else if (strcmp(op->verb, "fwrite") == 0 && op->result > 0) {
        op->node = slots[slot];
        add_write(&m->nodes[op->node],
                  (struct event){index, false, op->number[1],
                                 (uint64_t)op->result, op->number[2]});
    } else if (strcmp(op->verb, "write") == 0 && op->result > 0) {
        op->node = name->node;
        add_write(&m->nodes[op->node],
                  (struct event){index, false, op->number[0],
                                 (uint64_t)op->result, op->number[2]});
    } else if (strcmp(op->verb, "truncate") == 0) {
        op->node = name->node;
        add_event(&m->nodes[op->node],
                  (struct event){index, true, 0, op->number[0], 0});
    } else if (name) {
        op->node = name->node; /* fsync */
    }
}

static uint64_t
hash_text(uint64_t hash, const char *text)
{
    while (*text)
        hash = (hash ^ (uint8_t)*text++) * 0x100000001b3u;
    return hash;
}

/* The hash of one node: the sum of all of them is a tree's, so that order
 * does not matter. */
static uint64_t
hash_node(const char *path, char kind, unsigned mode, unsigned nlink,
          const char *target)
{
    char head[64];
    snprintf(head, sizeof head, " %c %o %u ", kind, mode & 07777, nlink);
    uint64_t hash = hash_text(0xcbf29ce484222325u, path);
    return hash_text(hash_text(hash, head), target);
}

static void
keep_tree(struct model *m, struct op *op, const struct tree *t)
{
    size_t bytes = t->count * sizeof *t->names;

    op->tree.count = t->count;
    op->tree.names = checked(malloc(bytes + 1));
    if (bytes)
        memcpy(op->tree.names, t->names, bytes);
    qsort(op->tree.names, t->count, sizeof *t->names, compare_names);
    op->hash = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct name *name = &op->tree.names[i];
        const struct node *node = &m->nodes[name->node];
        op->hash += hash_node(name->path, node->kind, node->mode, node->nlink,
                              node->target);
    }
}

/* ---- Reading a trace ---- */

static void
parse_arguments(struct op *op, const char *text)
{
    char words[4][PATH_SIZE] = {"", "", "", ""};
    unsigned n = 0;

    sscanf(text, "%511s %511s %511s %511s", words[0], words[1], words[2],
           words[3]);
    bool number_first =
        strcmp(op->verb, "open") == 0 || strcmp(op->verb, "fwrite") == 0 ||
        strcmp(op->verb, "close") == 0 || strcmp(op->verb, "chmod") == 0;
    const char *path = number_first ? words[1] : words[0];
    snprintf(op->a, sizeof op->a, "%s", path);
    snprintf(op->b, sizeof op->b, "%s", words[1]);
    for (unsigned i = number_first ? 0 : 1; i < 4; i++)
        if (n < 3)
            op->number[n++] = strtoul(words[i], NULL, 0);
}

static void
parse_line(struct model *m, char *line)
{
    m->ops = checked(realloc(m->ops, (m->nops + 1) * sizeof *m->ops));
    struct op *op = &m->ops[m->nops];
    int used = 0;

    memset(op, 0, sizeof *op);
    if (sscanf(line, "%ld %zu %zu %11s%n", &op->result, &op->before, &op->after,
               op->verb, &used) < 4)
        broken_trace(m->nops, "not RESULT BEFORE AFTER VERB");
    parse_arguments(op, line + used);
    m->nops++;
}

static void
apply_all(struct model *m)
{
    struct tree t = {0};
    unsigned slots[SLOTS] = {0};

    for (size_t i = 0; i < m->nops; i++) {
        struct op *op = &m->ops[i];
        if (i == 0 || (op->result >= 0 && apply_names(m, &t, op)))
            keep_tree(m, op, &t);
        else if (op->result >= 0)
            apply_content(m, &t, op, slots);
    }
    free(t.names);
}

struct model *
model_load(const char *path)
{
    struct model *m = checked(calloc(1, sizeof *m));
    FILE *file = fopen(path, "r");
    char line[4 * PATH_SIZE];

    if (!file) {
        perror(path);
        exit(2);
    }
    parse_line(m, strcpy(line, "0 0 0 begin")); /* operation 0 */
    new_node(m, 'd', 0755, "");                 /* node 0: the root */
    while (fgets(line, sizeof line, file))
        parse_line(m, line);
    fclose(file);
    apply_all(m);
    return m;
}

void
model_free(struct model *m)
{
    model_found_begin(m);
    for (size_t i = 0; i < m->nops; i++)
        free(m->ops[i].tree.names);
    for (size_t i = 0; i < m->nnodes; i++) {
        free(m->nodes[i].target);
        free(m->nodes[i].events);
    }
    free(m->ops);
    free(m->nodes);
    free(m->found);
    free(m);
}

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
    m->found = checked(realloc(m->found, (m->nfound + 1) * sizeof *m->found));
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
        f->bytes = checked(malloc(size + 1));
        memcpy(f->bytes, bytes, size);
        f->size = size;
        f->has_content = true;
        return;
    }
}

static bool PRINTF(3, 4)
    complain(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(text, size, format, args);
    va_end(args);
    return false;
}

/* ---- Comparing content ---- */

/* user/tests/crash.c writes it. */
static uint8_t
pattern(uint64_t tag, uint64_t offset)
{
    uint64_t x = tag * 0x9e3779b97f4a7c15u + offset / 8;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint8_t)((x ^ x >> 31) >> offset % 8 * 8);
}

/* The operations between which a file's content may be from: everything
 * before `durable` has happened, and nothing from `last` on. */
struct window {
    size_t durable, last;
};

static uint64_t
size_after(uint64_t size, const struct event *e)
{
    if (e->truncate)
        return e->length;
    return MAX(size, e->offset + e->length);
}

static bool
size_is_possible(const struct node *node, struct window w, uint64_t found)
{
    uint64_t size = 0;
    bool possible = false, met_window = false;

    for (size_t i = 0; i < node->nevents && node->events[i].op < w.last; i++) {
        if (node->events[i].op >= w.durable && !met_window) {
            met_window = true;
            possible = size == found;
        }
        size = size_after(size, &node->events[i]);
        possible |= met_window && size == found;
    }
    return possible || size == found;
}

/* Whether the byte at x can be `found`: its value at some moment in the
 * window at which the file was longer than x. */
static bool
byte_is_possible(const struct node *node, struct window w, uint64_t x,
                 uint8_t found)
{
    uint64_t size = 0;
    uint8_t value = 0;

    for (size_t i = 0; i <= node->nevents; i++) {
        const struct event *e = &node->events[i];
        bool over = i == node->nevents || e->op >= w.last;
        if ((over || e->op >= w.durable) && size > x && value == found)
            return true;
        if (over)
            return false;
        if (!e->truncate && x >= e->offset && x < e->offset + e->length)
            value = pattern(e->tag, x);
        else if (x >= size || (e->truncate && x >= e->length))
            value = 0;
        size = size_after(size, e);
    }
    return false;
}

/* The value that byte x has at the end of the window: right for nearly all. */
static void
fill_latest(const struct node *node, size_t last, uint8_t *bytes, size_t size)
{
    uint64_t now = 0;

    memset(bytes, 0, size);
    for (size_t i = 0; i < node->nevents && node->events[i].op < last; i++) {
        const struct event *e = &node->events[i];
        uint64_t end = MIN(e->offset + e->length, (uint64_t)size);
        if (e->truncate && e->length < size)
            memset(bytes + e->length, 0, size - e->length);
        for (uint64_t x = e->offset; !e->truncate && x < end; x++)
            bytes[x] = pattern(e->tag, x);
        now = size_after(now, e);
    }
}

static bool
check_content(const struct node *node, struct window w, const struct found *f,
              char *text, size_t text_size)
{
    if (!size_is_possible(node, w, f->size))
        return complain(text, text_size, "%s: a length of %zu never was",
                        f->path, f->size);
    uint8_t *latest = checked(malloc(f->size + 1));
    bool good = true;
    fill_latest(node, w.last, latest, f->size);
    for (size_t x = 0; x < f->size && good; x++)
        if (latest[x] != f->bytes[x] &&
            !byte_is_possible(node, w, x, f->bytes[x]))
            good = complain(text, text_size,
                            "%s: byte %zu is 0x%02x, which it never was",
                            f->path, x, f->bytes[x]);
    free(latest);
    return good;
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

/* What the content of node may be at a cut at n. */
static struct window
content_window(const struct model *m, unsigned node, size_t n)
{
    struct window w = {0, 0};

    for (size_t i = 1; i < m->nops && m->ops[i].before <= n; i++) {
        const struct op *op = &m->ops[i];
        w.last = i + 1;
        if (is_sync(op) && op->after <= n &&
            (covers_all(op) || op->node == node))
            w.durable = i;
    }
    return w;
}

static bool
check_contents(struct model *m, const struct tree *t, size_t n, char *text,
               size_t size)
{
    for (size_t i = 0; i < m->nfound; i++) {
        const struct found *f = &m->found[i];
        if (!f->has_content)
            continue;
        unsigned node = find_name(t, f->path)->node;
        struct window w = content_window(m, node, n);
        if (!check_content(&m->nodes[node], w, f, text, size))
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
        hash += hash_node(f->path, f->kind, f->mode, f->nlink, f->target);
    }
    complain(text, size, "names are as after no operation from %zu on",
             durable);
    for (j = 0; j < m->nops && m->ops[j].before <= n && !fits; j++) {
        if (!m->ops[j].tree.names)
            continue;
        known |= m->ops[j].hash == hash;
        if (j >= durable && m->ops[j].hash == hash)
            fits = check_contents(m, &m->ops[j].tree, n, text, size);
    }
    if (!fits && known && text[0] == 'n')
        complain(text, size, "names are as before operation %zu (%s %s)",
                 durable, m->ops[durable].verb, m->ops[durable].a);
    return fits;
}
