/* The root of an extended image next to what it should hold.
 *
 * Names go by ids, and lead to numbers of inodes that need not exist. Each
 * change ends at once; failures that the tests do not expect fail them. */
#pragma once

#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dir.h"

struct model {
    struct efs *fs;
    struct efs_node dir;
    uint32_t most;  /* ids are below */
    size_t longest; /* names, bytes */
    uint32_t *ino;  /* where each id's name leads; 0: it is not there */
    uint32_t count; /* of names that are there */
};

void model_init(struct model *m, struct efs *fs, uint32_t most, size_t longest);
void model_free(struct model *m);

/* The name of id, always the same; returns its length. */
size_t model_name(const struct model *m, uint32_t id,
                  char name[ECLIPSEFS_NAME_MAX]);

/* A number below limit, from a sequence that is always the same. */
uint32_t model_random(uint32_t limit);

/* Changes the directory, and, if that succeeds, the model. */
int model_add(struct model *m, uint32_t id);
int model_remove(struct model *m, uint32_t id);
int model_set(struct model *m, uint32_t id);

/* Reads the directory's record again. */
void model_reload(struct model *m);

/* Looks a name up, there or not; or walks through all. */
void model_check_name(struct model *m, uint32_t id);
void model_check(struct model *m);

/* Reads up to n names from *pos on and counts them in seen. Returns whether
 * that was the end. */
bool model_walk(struct model *m, uint64_t *pos, unsigned n, uint8_t *seen);
