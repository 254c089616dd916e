#include "model_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 16
#define PAGE  4096u

void *
model_checked(void *memory)
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

struct name *
model_find_name(const struct tree *t, const char *path)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->names[i].path, path) == 0)
            return &t->names[i];
    return NULL;
}

static void
add_name(struct tree *t, const char *path, unsigned node)
{
    t->names =
        model_checked(realloc(t->names, (t->count + 1) * sizeof *t->names));
    snprintf(t->names[t->count].path, PATH_SIZE, "%s", path);
    t->names[t->count++].node = node;
}

static void
drop_name(struct tree *t, const char *path)
{
    struct name *name = model_find_name(t, path);
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
    const struct name *name = model_find_name(t, parent);
    return name ? name->node : 0;
}

/* ---- Applying operations ---- */

static unsigned
new_node(struct model *m, char kind, unsigned mode, const char *target)
{
    m->nodes =
        model_checked(realloc(m->nodes, (m->nnodes + 1) * sizeof *m->nodes));
    m->nodes[m->nnodes] = (struct node){
        .kind = kind,
        .mode = mode,
        .nlink = kind == 'd' ? 2 : 1,
        .target = model_checked(strdup(target)),
    };
    return (unsigned)m->nnodes++;
}

static void
add_event(struct node *node, struct event event)
{
    node->events = model_checked(
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
    struct node *node = &m->nodes[model_find_name(t, path)->node];
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
    unsigned moved = model_find_name(t, op->a)->node;
    const struct name *target = model_find_name(t, op->b);

    op->node = moved;
    if (target && target->node == moved)
        return;
    if (target) {
        op->whole[0] = moved;
        lose_name(m, t, op->b);
    }
    change_parent(m, t, op, moved);
    move_names(t, op->a, op->b);
}

static void
apply_exchange(struct model *m, struct tree *t, struct op *op)
{
    unsigned a = model_find_name(t, op->a)->node,
             b = model_find_name(t, op->b)->node;
    struct op back = *op;

    op->node = op->whole[0] = a;
    op->whole[1] = b;
    change_parent(m, t, op, a);
    snprintf(back.a, PATH_SIZE, "%s", op->b);
    snprintf(back.b, PATH_SIZE, "%s", op->a);
    change_parent(m, t, &back, b);
    move_names(t, op->a, "//moving");
    move_names(t, op->b, op->a);
    move_names(t, "//moving", op->b);
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
        op->node = model_find_name(t, op->a)->node;
        m->nodes[op->node].nlink++;
        add_name(t, op->b, op->node);
    } else if (strcmp(verb, "unlink") == 0 || strcmp(verb, "rmdir") == 0) {
        op->node = model_find_name(t, op->a)->node;
        lose_name(m, t, op->a);
    } else if (strcmp(verb, "rename") == 0) {
        apply_rename(m, t, op);
    } else if (strcmp(verb, "exchange") == 0) {
        apply_exchange(m, t, op);
    } else if (strcmp(verb, "chmod") == 0 &&
               (name = model_find_name(t, op->a))) {
        op->node = name->node;
        m->nodes[op->node].mode = (unsigned)op->number[0];
    } else {
        return false;
    }
    return true;
}

static void
apply_content(struct model *m, const struct tree *t, struct op *op,
              unsigned slots[SLOTS])
{
    const struct name *name = model_find_name(t, op->a);
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

uint64_t
model_hash_node(const char *path, char kind, unsigned mode, unsigned nlink,
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
    op->tree.names = model_checked(malloc(bytes + 1));
    if (bytes)
        memcpy(op->tree.names, t->names, bytes);
    qsort(op->tree.names, t->count, sizeof *t->names, compare_names);
    op->hash = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct name *name = &op->tree.names[i];
        const struct node *node = &m->nodes[name->node];
        op->hash += model_hash_node(name->path, node->kind, node->mode,
                                    node->nlink, node->target);
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
    m->ops = model_checked(realloc(m->ops, (m->nops + 1) * sizeof *m->ops));
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
    struct model *m = model_checked(calloc(1, sizeof *m));
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
