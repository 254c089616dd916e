/* One reader goes through the tokens and tells a visitor of each; what there is
 * to find out, from "is it a tree?" to "where is that path?", are visitors. */
#include "lib/fdt.h"
#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/string.h"

/* The header, as offsets of its 32-bit fields [dtspec §5.2]. */
enum {
    HEADER_MAGIC = 0,
    HEADER_TOTAL_SIZE = 4,
    HEADER_STRUCT_START = 8,
    HEADER_STRINGS_START = 12,
    HEADER_RESERVE_START = 16,
    HEADER_VERSION = 20,
    HEADER_COMPATIBLE_VERSION = 24,
    HEADER_STRINGS_SIZE = 32,
    HEADER_STRUCT_SIZE = 36,
    HEADER_SIZE = 40,
};

#define FDT_MAGIC         0xd00dfeed
#define SUPPORTED_VERSION 17

#define RESERVE_ENTRY_SIZE 16 /* 64-bit address and size [dtspec §5.3.2] */

/* Kinds of tokens [dtspec §5.4.1]. */
enum {
    TOKEN_BEGIN_NODE = 1,
    TOKEN_END_NODE = 2,
    TOKEN_PROP = 3,
    TOKEN_NOP = 4,
    TOKEN_END = 9,
};

#define CELL sizeof(uint32_t)

struct token {
    uint32_t kind;
    uint32_t at, next;    /* offsets of this token and the one behind it */
    const char *name;     /* of a node */
    struct fdt_prop prop; /* all but `next` */
};

/* ---- Tokens ---- */

static const uint8_t *
struct_block(const struct fdt *tree)
{
    return tree->blob + tree->struct_start;
}

/* Are there n bytes more in the structure block, from offset `at` on? */
static bool
has_bytes(const struct fdt *tree, uint32_t at, uint32_t n)
{
    return at <= tree->struct_size && n <= tree->struct_size - at;
}

/* Reads the cell at *at, and moves *at behind it. It is there. */
static uint32_t
take_cell(const struct fdt *tree, uint32_t *at)
{
    uint32_t value = be32_load(struct_block(tree) + *at);
    *at += CELL;
    return value;
}

/* Reads what follows a PROP token, at offset token->next of the structure
 * block: length, offset of the name in the strings block, value [dtspec
 * §5.4.1]. token->next is then behind the value. Returns NULL, or what is
 * wrong. */
static const char *
token_read_prop(const struct fdt *tree, struct token *token)
{
    if (!has_bytes(tree, token->next, 2 * CELL))
        return "a property does not fit into the structure block";
    token->prop.len = take_cell(tree, &token->next);
    uint32_t name = take_cell(tree, &token->next);
    if (name >= tree->strings_size)
        return "the name of a property is not in the strings block";
    if (!has_bytes(tree, token->next, token->prop.len))
        return "a value does not fit into the structure block";
    token->prop.name = (const char *)tree->blob + tree->strings_start + name;
    token->prop.value = struct_block(tree) + token->next;
    token->next += token->prop.len;
    return NULL;
}

/* Reads a node's name, at offset token->next, which is then behind its
 * terminator. Returns NULL, or what is wrong. */
static const char *
token_read_name(const struct fdt *tree, struct token *token)
{
    const uint8_t *name = struct_block(tree) + token->next;
    const uint8_t *end = memchr(name, '\0', tree->struct_size - token->next);
    if (!end)
        return "the name of a node does not end";
    token->name = (const char *)name;
    token->next += (uint32_t)(end - name) + 1;
    return NULL;
}

/* Reads the token at offset `at`, or the first behind it that is no NOP.
 * Returns NULL, or what is wrong with it. */
static const char *
token_read(const struct fdt *tree, uint32_t at, struct token *token)
{
    do {
        if (at > tree->struct_size || tree->struct_size - at < CELL)
            return "the structure block has no end token";
        token->at = at;
        token->kind = be32_load(struct_block(tree) + at);
        at += CELL;
    } while (token->kind == TOKEN_NOP);

    token->next = at;
    const char *why = NULL;
    switch (token->kind) {
    case TOKEN_BEGIN_NODE:
        why = token_read_name(tree, token);
        break;
    case TOKEN_PROP:
        why = token_read_prop(tree, token);
        break;
    case TOKEN_END_NODE:
    case TOKEN_END:
        break;
    default:
        why = "unknown token";
    }
    /* Cannot wrap: total_size, hence every offset, is below 2^31. */
    token->next = ALIGN_UP(token->next, CELL);
    return why;
}

/* As token_read, for a tree that fdt_open has accepted. */
static void
token_get(const struct fdt *tree, uint32_t at, struct token *token)
{
    if (token_read(tree, at, token) != NULL)
        *token = (struct token){.kind = TOKEN_END, .at = at, .next = at};
}

/* ---- Visitors ---- */

enum step { GO_ON, STOP };

/* Is told of tokens, one after the other. An end token ends the visit, too. */
struct visitor {
    enum step (*begin_node)(struct visitor *v, const struct token *token);
    enum step (*end_node)(struct visitor *v, const struct token *token);
    enum step (*prop)(struct visitor *v, const struct token *token);
    void (*end)(struct visitor *v); /* NULL: no matter */
};

static enum step
tell(struct visitor *v, const struct token *token)
{
    switch (token->kind) {
    case TOKEN_BEGIN_NODE:
        return v->begin_node(v, token);
    case TOKEN_END_NODE:
        return v->end_node(v, token);
    case TOKEN_PROP:
        return v->prop(v, token);
    default:
        if (v->end)
            v->end(v);
        return STOP;
    }
}

/* Visits tokens from *at on, until the visitor stops: *at is then the offset of
 * the token at which it did. Returns NULL, or what is wrong with a token. */
static const char *
visit(const struct fdt *tree, uint32_t *at, struct visitor *v)
{
    struct token token = {.next = *at};
    const char *why;
    do {
        why = token_read(tree, token.next, &token);
    } while (!why && tell(v, &token) == GO_ON);
    *at = token.at;
    return why;
}

/* ---- Opening ---- */

static bool
is_inside(uint32_t start, uint32_t size, uint32_t total)
{
    return start >= HEADER_SIZE && start <= total && size <= total - start;
}

static const char *
check_header(struct fdt *tree, size_t max)
{
    const uint8_t *header = tree->blob;
    if (max < HEADER_SIZE || be32_load(header + HEADER_MAGIC) != FDT_MAGIC)
        return "no header with the magic number";
    uint32_t version = be32_load(header + HEADER_VERSION);
    if (version < SUPPORTED_VERSION ||
        be32_load(header + HEADER_COMPATIBLE_VERSION) > SUPPORTED_VERSION)
        return "its version is not supported";
    tree->total_size = be32_load(header + HEADER_TOTAL_SIZE);
    if (tree->total_size > max || tree->total_size > INT32_MAX)
        return "larger than the memory it is in";
    if (tree->total_size < HEADER_SIZE)
        return "smaller than its own header";

    tree->struct_start = be32_load(header + HEADER_STRUCT_START);
    tree->struct_size = be32_load(header + HEADER_STRUCT_SIZE);
    if (tree->struct_start % CELL != 0 ||
        !is_inside(tree->struct_start, tree->struct_size, tree->total_size))
        return "the structure block is not inside";
    tree->strings_start = be32_load(header + HEADER_STRINGS_START);
    tree->strings_size = be32_load(header + HEADER_STRINGS_SIZE);
    if (!is_inside(tree->strings_start, tree->strings_size, tree->total_size))
        return "the strings block is not inside";
    /* What follows the last terminator is left out, so that every offset below
     * strings_size names a string that ends. */
    const uint8_t *strings = tree->blob + tree->strings_start;
    while (tree->strings_size > 0 && strings[tree->strings_size - 1] != '\0')
        tree->strings_size--;
    return NULL;
}

static const char *
check_reserve_block(struct fdt *tree)
{
    uint32_t at = be32_load(tree->blob + HEADER_RESERVE_START);
    if (at % sizeof(uint64_t) != 0 || !is_inside(at, 0, tree->total_size))
        return "the memory reservation block is not inside";
    tree->reserve_start = at;
    tree->reserve_count = 0;
    for (; tree->total_size - at >= RESERVE_ENTRY_SIZE;
         at += RESERVE_ENTRY_SIZE) {
        const uint8_t *entry = tree->blob + at;
        if ((be64_load(entry) | be64_load(entry + sizeof(uint64_t))) == 0)
            return NULL;
        tree->reserve_count++;
    }
    return "the memory reservation block does not end";
}

/* Checks that tokens are a tree. */
struct checker {
    struct visitor visitor;
    unsigned depth;        /* of nodes that are open */
    bool had_root;         /* or is in it */
    bool props_may_follow; /* nothing but properties since a BEGIN_NODE */
    const char *why;       /* what is wrong; NULL: nothing so far */
};

static enum step
object(struct checker *c, const char *why)
{
    c->why = why;
    return STOP;
}

static enum step
check_begin_node(struct visitor *v, const struct token *token)
{
    struct checker *c = container_of(v, struct checker, visitor);
    if (c->depth == 0 && c->had_root)
        return object(c, "there is more than one root");
    if (c->depth == 0 && token->name[0] != '\0')
        return object(c, "the root has a name");
    if (c->depth == FDT_DEPTH_MAX)
        return object(c, "nodes are nested too deeply");
    c->depth++;
    c->had_root = c->props_may_follow = true;
    return GO_ON;
}

static enum step
check_end_node(struct visitor *v, const struct token *token UNUSED)
{
    struct checker *c = container_of(v, struct checker, visitor);
    if (c->depth == 0)
        return object(c, "a node ends that has not begun");
    c->depth--;
    c->props_may_follow = false;
    return GO_ON;
}

static enum step
check_prop(struct visitor *v, const struct token *token UNUSED)
{
    struct checker *c = container_of(v, struct checker, visitor);
    return c->props_may_follow
               ? GO_ON
               : object(c, "a property is not at the beginning of a node");
}

static void
check_end(struct visitor *v)
{
    struct checker *c = container_of(v, struct checker, visitor);
    if (c->depth > 0)
        object(c, "a node does not end");
    else if (!c->had_root)
        object(c, "there is no root");
}

/* Returns NULL, or what is wrong with the structure block [dtspec §5.4.2]: what
 * it accepts, all others may walk in peace. */
static const char *
check_struct_block(const struct fdt *tree)
{
    struct checker c = {
        .visitor = {check_begin_node, check_end_node, check_prop, check_end}};
    uint32_t at = 0;
    const char *why = visit(tree, &at, &c.visitor);
    return why ? why : c.why;
}

int
fdt_open(struct fdt *tree, const void *blob, size_t max, const char **why)
{
    tree->blob = blob;
    *why = check_header(tree, max);
    if (*why == NULL)
        *why = check_reserve_block(tree);
    if (*why == NULL)
        *why = check_struct_block(tree);
    return *why == NULL ? 0 : -EINVAL;
}

int
fdt_reserved(const struct fdt *tree, unsigned index, struct fdt_range *range)
{
    if (index >= tree->reserve_count)
        return -ENOENT;
    const uint8_t *entry =
        tree->blob + tree->reserve_start + index * RESERVE_ENTRY_SIZE;
    range->base = be64_load(entry);
    range->size = be64_load(entry + sizeof(uint64_t));
    return 0;
}

/* ---- Nodes ---- */

/* In the order of enum fdt_standard. */
static const char *const standard_names[FDT_STANDARD_COUNT] = {
    "compatible",       "device_type",      "status",      "reg",
    "ranges",           "#address-cells",   "#size-cells", "phandle",
    "interrupt-parent", "#interrupt-cells",
};

/* Whether the node itself is in order [dtspec §2.3.4]; "ok" is an old way to
 * say so. */
static bool
is_okay(const struct fdt_node *node)
{
    const struct fdt_prop *status = &node->props[FDT_STATUS];
    const char *text = fdt_prop_string(status, 0);
    return !status->value ||
           (text && (strcmp(text, "okay") == 0 || strcmp(text, "ok") == 0));
}

/* Who receives what the children of a node send, unless they say otherwise. */
static uint32_t
receiver_below(const struct fdt_node *node)
{
    return node->props[FDT_INTERRUPT_CELLS].value ? node->phandle
                                                  : node->interrupt_parent;
}

/* Works out what a node says of itself, and what its parent says of it. */
static void
inherit(struct fdt_node *node)
{
    const struct fdt_node *parent = node->parent;
    const struct fdt_prop *wanted = &node->props[FDT_INTERRUPT_PARENT];
    node->phandle = fdt_prop_cell(&node->props[FDT_PHANDLE], 0);
    node->enabled = is_okay(node) && (!parent || parent->enabled);
    if (wanted->value)
        node->interrupt_parent = fdt_prop_cell(wanted, 0);
    else
        node->interrupt_parent = parent ? receiver_below(parent) : 0;
}

/* Takes down one node: the first that it meets, and then its properties. */
struct taker {
    struct visitor visitor;
    struct fdt_walk *walk;
    struct fdt_node *node; /* NULL: not met yet */
};

static enum step
take_begin_node(struct visitor *v, const struct token *token)
{
    struct taker *taker = container_of(v, struct taker, visitor);
    struct fdt_walk *walk = taker->walk;
    if (taker->node)
        return STOP;
    taker->node = &walk->path[walk->depth];
    *taker->node = (struct fdt_node){
        .offset = (int)token->at,
        .name = token->name,
        .parent = walk->depth > 0 ? &walk->path[walk->depth - 1] : NULL,
    };
    walk->depth++;
    return GO_ON;
}

static enum step
take_end_node(struct visitor *v, const struct token *token UNUSED)
{
    struct taker *taker = container_of(v, struct taker, visitor);
    if (taker->node)
        return STOP;
    taker->walk->depth--;
    return GO_ON;
}

/* Of several properties of one name, the first counts. */
static enum step
take_prop(struct visitor *v, const struct token *token)
{
    const struct taker *taker = container_of(v, struct taker, visitor);
    for (unsigned i = 0; taker->node && i < FDT_STANDARD_COUNT; i++) {
        struct fdt_prop *prop = &taker->node->props[i];
        if (prop->value || strcmp(standard_names[i], token->prop.name) != 0)
            continue;
        *prop = token->prop;
        prop->next = token->next;
    }
    return GO_ON;
}

const struct fdt_node *
fdt_walk_next(struct fdt_walk *walk)
{
    struct taker taker = {
        .visitor = {take_begin_node, take_end_node, take_prop, NULL},
        .walk = walk,
    };
    if (visit(walk->tree, &walk->next, &taker.visitor) || !taker.node)
        return NULL;
    inherit(taker.node);
    return taker.node;
}

/* Does a node's name equal the len bytes at wanted? If wanted has no unit
 * address ("@..."), the node's may be anything [dtspec §2.2.3]. */
static bool
name_matches(const char *name, const char *wanted, size_t len)
{
    if (strncmp(name, wanted, len) != 0)
        return false;
    return name[len] == '\0' || (name[len] == '@' && !memchr(wanted, '@', len));
}

/* Length of the first component of a path. */
static size_t
component_length(const char *path)
{
    size_t len = 0;
    while (path[len] != '\0' && path[len] != '/' && path[len] != ':')
        len++;
    return len;
}

/* Follows a path, component by component. */
struct seeker {
    struct visitor visitor;
    const char *path;        /* what is still to be matched */
    unsigned depth, matched; /* nodes that are open; of these, on the path */
    int found;               /* or -ENOENT */
};

/* Takes the first component, and the '/' behind it, off the path. */
static void
seeker_advance(struct seeker *s)
{
    s->matched++;
    s->path += component_length(s->path);
    while (*s->path == '/')
        s->path++;
}

static enum step
seek_begin_node(struct visitor *v, const struct token *token)
{
    struct seeker *s = container_of(v, struct seeker, visitor);
    size_t len = component_length(s->path);
    bool below_path = s->depth++ != s->matched;
    if (below_path || !name_matches(token->name, s->path, len))
        return GO_ON;
    seeker_advance(s);
    if (component_length(s->path) > 0)
        return GO_ON;
    s->found = (int)token->at;
    return STOP;
}

/* The first that matches counts: once it ends, there is nothing more to find.
 */
static enum step
seek_end_node(struct visitor *v, const struct token *token UNUSED)
{
    struct seeker *s = container_of(v, struct seeker, visitor);
    s->depth--;
    return s->depth < s->matched ? STOP : GO_ON;
}

static enum step
seek_prop(struct visitor *v UNUSED, const struct token *token UNUSED)
{
    return GO_ON;
}

/* path begins with a '/': the empty component in front of it is the root's
 * name. */
static int
walk_path(const struct fdt *tree, const char *path)
{
    struct seeker s = {
        .visitor = {seek_begin_node, seek_end_node, seek_prop, NULL},
        .path = path,
        .found = -ENOENT,
    };
    uint32_t at = 0;
    return visit(tree, &at, &s.visitor) ? -ENOENT : s.found;
}

int
fdt_find_path(const struct fdt *tree, const char *path)
{
    if (*path == '/')
        return walk_path(tree, path);

    size_t len = component_length(path);
    struct fdt_prop prop;
    int error = fdt_prop_first(tree, walk_path(tree, "/aliases"), &prop);
    for (; error == 0; error = fdt_prop_next(tree, &prop)) {
        const char *whole = fdt_prop_string(&prop, 0);
        if (strncmp(prop.name, path, len) == 0 && prop.name[len] == '\0' &&
            whole != NULL && *whole == '/')
            return walk_path(tree, whole);
    }
    return -ENOENT;
}

/* ---- Properties ---- */

/* The property whose token is at offset `at`. */
static int
read_prop_at(const struct fdt *tree, uint32_t at, struct fdt_prop *prop)
{
    struct token token;
    token_get(tree, at, &token);
    if (token.kind != TOKEN_PROP)
        return -ENOENT;
    *prop = token.prop;
    prop->next = token.next;
    return 0;
}

int
fdt_prop_next(const struct fdt *tree, struct fdt_prop *prop)
{
    return read_prop_at(tree, prop->next, prop);
}

/* A node may be any int. */
int
fdt_prop_first(const struct fdt *tree, int node, struct fdt_prop *prop)
{
    struct token token;
    if (node < 0 || (unsigned)node % CELL != 0)
        return -ENOENT;
    token_get(tree, (uint32_t)node, &token);
    if (token.kind != TOKEN_BEGIN_NODE || token.at != (uint32_t)node)
        return -ENOENT;
    return read_prop_at(tree, token.next, prop);
}

int
fdt_prop_find(const struct fdt *tree, int node, const char *name,
              struct fdt_prop *prop)
{
    int error = fdt_prop_first(tree, node, prop);
    while (error == 0 && strcmp(prop->name, name) != 0)
        error = fdt_prop_next(tree, prop);
    return error;
}

/* The string of a list that begins at byte *at, which is then behind it; NULL:
 * the list ends there, or the string does not. */
static const char *
take_string(const struct fdt_prop *prop, size_t *at)
{
    if (!prop->value || *at >= prop->len)
        return NULL;
    const uint8_t *string = prop->value + *at;
    const uint8_t *end = memchr(string, '\0', prop->len - *at);
    if (!end)
        return NULL;
    *at += (size_t)(end - string) + 1;
    return (const char *)string;
}

const char *
fdt_prop_string(const struct fdt_prop *prop, unsigned index)
{
    size_t at = 0;
    const char *string = take_string(prop, &at);
    while (string && index-- > 0)
        string = take_string(prop, &at);
    return string;
}

bool
fdt_prop_has_string(const struct fdt_prop *prop, const char *name)
{
    size_t at = 0;
    const char *string = take_string(prop, &at);
    while (string && strcmp(string, name) != 0)
        string = take_string(prop, &at);
    return string;
}

uint32_t
fdt_prop_cell(const struct fdt_prop *prop, unsigned index)
{
    return prop->value && index < prop->len / CELL
               ? be32_load(prop->value + index * CELL)
               : 0;
}

const char *
fdt_read_string(const struct fdt *tree, int node, const char *name)
{
    struct fdt_prop prop;
    const char *string = NULL;
    if (fdt_prop_find(tree, node, name, &prop) == 0)
        string = fdt_prop_string(&prop, 0);
    return string != NULL ? string : "";
}

int
fdt_read_number(const struct fdt *tree, int node, const char *name,
                uint64_t *value)
{
    struct fdt_prop prop;
    int error = fdt_prop_find(tree, node, name, &prop);
    if (error != 0)
        return error;
    if (prop.len == sizeof(uint32_t))
        *value = be32_load(prop.value);
    else if (prop.len == sizeof(uint64_t))
        *value = be64_load(prop.value);
    else
        return -EINVAL;
    return 0;
}
