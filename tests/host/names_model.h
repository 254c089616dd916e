/* A small tree on an extended image next to what it should be.
 *
 * Each operation is done to both, and what it is expected to return, and to
 * say of times, is checked; names go by numbers below NAMES. One thread. */
#pragma once

#include "efs_rig.h"
#include "fs/eclipsefs/names.h"

#define BLOCKS 1000u
#define INODES 512u
#define NAMES  26u /* in a directory, so long that they need leaves */

/* What the tree should be: by inode, the names of directories. */
struct model_node {
    uint32_t mode;             /* 0: free */
    uint32_t parent;           /* of a directory */
    uint32_t names;            /* that lead here */
    uint32_t child[NAMES + 1]; /* 0: none; [NAMES] is always 0 */
};

extern struct efs_rig rig;
extern struct model_node model[INODES + 1];
extern struct efs_node node[INODES + 1]; /* as the disk should have them */
extern uint64_t now;

int model_setup(void **state);
int model_teardown(void **state);

const char *model_name_of(uint32_t i);
bool model_is_dir(uint32_t ino);
bool model_lies_below(uint32_t ino, uint32_t dir);
uint32_t model_links(uint32_t ino);

/* Holds all that the disk says to the model. */
void model_check(void);

/* A change of the disk alone: its end restores node on errors, which it
 * returns; and what an operation has done to the model. */
void model_begin(void);
int model_end(int err);
void model_name(uint32_t dir, uint32_t i, uint32_t ino);
void model_expect_touched(uint32_t dir);

int model_create(uint32_t dir, uint32_t i, const struct efs_new *what);
void model_unlink(uint32_t dir, uint32_t i);
void model_rename(uint32_t from, uint32_t i, uint32_t to, uint32_t j,
                  bool exchange);

/* Frees what has no names; or mounts again, which does so too. */
void model_release(void);
void model_remount(void);
