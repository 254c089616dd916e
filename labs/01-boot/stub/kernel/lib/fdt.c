#include "lib/fdt.h"
#include "abi/errno.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "lib/todo.h"

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

/* Reads what follows a PROP token, at offset token->next of the structure
 * block: length, offset of the name in the strings block, value [dtspec
 * §5.4.1]; then token->next is behind the value. Returns NULL; or what is
 * wrong, if a part is not inside its block. Nothing of the blob can be trusted,
 * nor is it aligned: lib/bits.h:be32_load. */
static const char *
token_read_prop(const struct fdt *tree, struct token *token)
{
    LAB_TODO(1);
}

/* Reads a node's name, at offset token->next; token->next is then behind its
 * terminator. Returns NULL; or what is wrong, if the block ends before that. */
static const char *
token_read_name(const struct fdt *tree, struct token *token)
{
    LAB_TODO(1);
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

/* Walks the structure block from its first token to its FDT_END, and returns
 * NULL or what is wrong: one root, whose name is empty; an END_NODE for every
 * BEGIN_NODE; at most FDT_DEPTH_MAX levels; properties only in a node, and
 * before its children [dtspec §5.4.2]. What lies behind FDT_END does not
 * matter. What it accepts, all others may walk in peace. */
static const char *
check_struct_block(const struct fdt *tree)
{
    LAB_TODO(1);
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

/* Works out node->enabled, ->phandle and ->interrupt_parent, as lib/fdt.h says
 * it; the parent's are known already. A node without `status` is "okay"
 * [dtspec §2.3.4], which old trees spell "ok"; anything else is not, whatever
 * it is. Of interrupt parents the nearest counts [dtspec §2.4]. */
static void
inherit(struct fdt_node *node)
{
    LAB_TODO(1);
}

/* Goes on from walk->next to the next BEGIN_NODE, leaving a level of walk->path
 * for each END_NODE on the way. Then takes down the node there, where another
 * may have been before: offset, name and parent, the first of each standard
 * property; and last, inherit().
 * walk->next is then behind its properties. */
const struct fdt_node *
fdt_walk_next(struct fdt_walk *walk)
{
    LAB_TODO(1);
}

/* Does a node's name equal the len bytes at wanted? If wanted has no unit
 * address ("@..."), the node's may be anything [dtspec §2.2.3]. */
static bool
name_matches(const char *name, const char *wanted, size_t len)
{
    LAB_TODO(1);
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

/* Follows path, which begins with a '/': the empty component in front of it
 * is the root's name. */
static int
walk_path(const struct fdt *tree, const char *path)
{
    struct token token = {.kind = TOKEN_NOP};
    unsigned depth = 0, matched = 0; /* components; depth is of nesting */
    for (;;) {
        token_get(tree, token.next, &token);
        if (token.kind == TOKEN_END_NODE)
            depth--;
        if (token.kind == TOKEN_END || depth < matched)
            return -ENOENT;
        if (token.kind != TOKEN_BEGIN_NODE)
            continue;
        size_t len = component_length(path);
        if (depth++ != matched || !name_matches(token.name, path, len))
            continue;
        matched++;
        path += len;
        while (*path == '/')
            path++;
        if (component_length(path) == 0)
            return (int)token.at;
    }
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

/* prop->next is the offset of a token: is it another property? */
int
fdt_prop_next(const struct fdt *tree, struct fdt_prop *prop)
{
    LAB_TODO(1);
}

/* What follows the BEGIN_NODE at offset node? A node may be any int, also one
 * where there is no BEGIN_NODE. */
int
fdt_prop_first(const struct fdt *tree, int node, struct fdt_prop *prop)
{
    LAB_TODO(1);
}

int
fdt_prop_find(const struct fdt *tree, int node, const char *name,
              struct fdt_prop *prop)
{
    LAB_TODO(1);
}

/* Strings of a list lie one behind the other, each with its terminator
 * [dtspec §2.2.4]. The last one may lack it: then it is none. */
const char *
fdt_prop_string(const struct fdt_prop *prop, unsigned index)
{
    LAB_TODO(1);
}

bool
fdt_prop_has_string(const struct fdt_prop *prop, const char *name)
{
    LAB_TODO(1);
}

/* Cells are big-endian [dtspec §2.2.4]. */
uint32_t
fdt_prop_cell(const struct fdt_prop *prop, unsigned index)
{
    LAB_TODO(1);
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
