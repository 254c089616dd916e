/* What a file system should hold: a tree of names, attributes and bytes in
 * plain structs, with the rules of POSIX in straight lines of code.
 *
 * Names in a directory go by numbers below MODEL_NAMES. Each operation returns
 * what the kernel's should, and, unless that is an error, has been done.
 * One thread. */
#pragma once

#include "lib/compiler.h"

#include <stddef.h>

#define MODEL_NAMES 48u
#define MODEL_PAGE  4096u

struct model_page {
    uint64_t index;
    uint8_t bytes[MODEL_PAGE];
};

struct model_node {
    uint32_t mode, uid, gid;
    uint64_t rdev;
    int64_t atime, mtime, ctime;
    char target[256]; /* of a symbolic link */

    uint64_t size;
    struct model_page **pages; /* by index; what has none is zeros */
    size_t npages;

    /* Of a directory. The root, and one that has lost its name, is its own
     * parent. */
    struct model_node *parent;
    struct model_node *child[MODEL_NAMES];

    unsigned names; /* that lead here */
    unsigned opens; /* by the test */
};

extern struct model_node *model_root;
extern int64_t model_now;
extern size_t model_nodes; /* with a name, or open */

void model_init(void);
void model_free(void);

/* Of 1 to 255 bytes; the number, MODEL_NAMES if it is none of these. */
const char *model_name(unsigned i);
unsigned model_number(const char *name, size_t len);

bool model_is_dir(const struct model_node *node);
bool model_is_removed(const struct model_node *node);
unsigned model_links(const struct model_node *node);

/* Opens or closes a node: without a name, it goes when nobody has it open. */
void model_open(struct model_node *node);
void model_close(struct model_node *node);

/* ---- Names; -ENOENT, -EEXIST, ... ---- */

/* Whether a new one may be made, and making it. */
int model_may_create(const struct model_node *dir, unsigned i);
struct model_node *model_create(struct model_node *dir, unsigned i,
                                uint32_t mode);

int model_may_link(const struct model_node *dir, unsigned i,
                   const struct model_node *node);
void model_link(struct model_node *dir, unsigned i, struct model_node *node);

int model_may_unlink(const struct model_node *dir, unsigned i, bool directory);
void model_unlink(struct model_node *dir, unsigned i);

/* flags: RENAME_NOREPLACE, RENAME_EXCHANGE. */
int model_may_rename(const struct model_node *from, unsigned i,
                     const struct model_node *to, unsigned j, unsigned flags);
void model_rename(struct model_node *from, unsigned i, struct model_node *to,
                  unsigned j, bool exchange);

/* ---- Content ---- */

/* What a write with this tag puts at `at`: n bytes, none of them 0. */
void model_pattern(uint8_t *bytes, uint64_t at, size_t n, uint64_t tag);

void model_write(struct model_node *node, uint64_t at, const uint8_t *bytes,
                 size_t n);
/* Returns the bytes read. */
size_t model_read(const struct model_node *node, uint64_t at, uint8_t *bytes,
                  size_t n);
void model_truncate(struct model_node *node, uint64_t size);
