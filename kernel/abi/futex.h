/* Operations of futex and what threads leave to it, as Linux has them. */
#pragma once

#include <stdint.h>

#define FUTEX_WAIT        0
#define FUTEX_WAKE        1
#define FUTEX_REQUEUE     3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP     5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10

#define FUTEX_PRIVATE_FLAG   128
#define FUTEX_CLOCK_REALTIME 256

#define FUTEX_BITSET_ANY 0xffffffffu

/* The word of a robust lock: its owner's tid, and */
#define FUTEX_WAITERS    0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK   0x3fffffffu

/* What FUTEX_WAKE_OP does to its second word, and how it compares what was
 * there: op << 28 | cmp << 24 | oparg << 12 | cmparg. */
enum {
    FUTEX_OP_SET,
    FUTEX_OP_ADD,
    FUTEX_OP_OR,
    FUTEX_OP_ANDN,
    FUTEX_OP_XOR,
    FUTEX_OP_OPARG_SHIFT = 8, /* with one of these: oparg is a bit's number */
};
enum {
    FUTEX_OP_CMP_EQ,
    FUTEX_OP_CMP_NE,
    FUTEX_OP_CMP_LT,
    FUTEX_OP_CMP_LE,
    FUTEX_OP_CMP_GT,
    FUTEX_OP_CMP_GE,
};

/* Locks that a thread holds, in its memory: a circular list of which this is
 * the head. A lock's word is futex_offset bytes behind its link, whose bit 0
 * marks a lock with priority inheritance. */
struct robust_list_head {
    uint64_t next;
    int64_t futex_offset;
    uint64_t pending; /* a lock being taken or released */
};
