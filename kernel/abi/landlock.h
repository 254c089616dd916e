/* landlock: a process gives up what it may do with files, as Linux has it, ABI
 * 1. */
#pragma once

#include <stdint.h>

#define LANDLOCK_ABI 1

/* Flags of landlock_create_ruleset: returns LANDLOCK_ABI. */
#define LANDLOCK_CREATE_RULESET_VERSION 1u

/* What may be done beneath a place. */
#define LANDLOCK_ACCESS_FS_EXECUTE     0x0001u
#define LANDLOCK_ACCESS_FS_WRITE_FILE  0x0002u
#define LANDLOCK_ACCESS_FS_READ_FILE   0x0004u
#define LANDLOCK_ACCESS_FS_READ_DIR    0x0008u
#define LANDLOCK_ACCESS_FS_REMOVE_DIR  0x0010u
#define LANDLOCK_ACCESS_FS_REMOVE_FILE 0x0020u
#define LANDLOCK_ACCESS_FS_MAKE_CHAR   0x0040u
#define LANDLOCK_ACCESS_FS_MAKE_DIR    0x0080u
#define LANDLOCK_ACCESS_FS_MAKE_REG    0x0100u
#define LANDLOCK_ACCESS_FS_MAKE_SOCK   0x0200u
#define LANDLOCK_ACCESS_FS_MAKE_FIFO   0x0400u
#define LANDLOCK_ACCESS_FS_MAKE_BLOCK  0x0800u
#define LANDLOCK_ACCESS_FS_MAKE_SYM    0x1000u
#define LANDLOCK_ACCESS_FS_ALL         0x1fffu
#define LANDLOCK_ACCESS_FS_OF_FILES    0x0007u /* of what is no directory */

struct landlock_ruleset_attr {
    uint64_t handled_access_fs; /* what is forbidden unless a rule allows it */
};

#define LANDLOCK_RULE_PATH_BENEATH 1

struct landlock_path_beneath_attr {
    uint64_t allowed_access;
    int32_t parent_fd; /* the place */
} __attribute__((packed));
