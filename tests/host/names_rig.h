/* A tmpfs, mounted at /t in a small tree that is read-only, and calls by path
 * that change its names and attributes. Taking the tmpfs away again after each
 * test proves that nobody has kept a reference.
 *
 * Who includes this says in LIBS which functions the rig wraps. One thread. */
#pragma once

#include "abi/errno.h"
#include "fs/attributes.h"
#include "fs/context.h"
#include "fs/names.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RIG_FRAMES 64u /* of memory; the tmpfs has half of them */

extern struct fs_context *rig_ctx;
extern unsigned rig_fail_alloc; /* the n-th from now on fails; 0: none */

/* Around all tests, and around each. */
int rig_start(void **state);
int rig_set_up(void **state);
int rig_tear_down(void **state);

#define RIG_TEST(function) \
    cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

/* The caller is that user, of the group of the same number. */
void rig_be(uint32_t id);

/* Make and take away; what the system calls return. */
int rig_file(const char *path);
int rig_dir(const char *path);
int rig_take_away(const char *path, bool directory);
int rig_move(const char *from, const char *to, unsigned flags);
int64_t rig_write_to(const char *path, size_t n);

/* Looks the path up: its entry held, or whether it is there. */
struct dentry *rig_get(const char *path);
int rig_find(const char *path);

/* Attributes. */
int rig_set(const char *path, struct inode_attributes a, bool to_now);
int rig_chmod(const char *path, uint32_t mode);
int rig_chown(const char *path, uint32_t uid, uint32_t gid);
uint32_t rig_mode_of(const char *path);

/* Whether the path of d in the tree is that. */
bool rig_path_is(const struct dentry *d, const char *expected);
