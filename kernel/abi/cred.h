/* Groups, and what capget and capset exchange, as Linux has it. */
#pragma once

#include <stdint.h>

#define CRED_GROUPS_MAX 64 /* of a process, beside its own */

#define CAP_VERSION_3 0x20080522u

#define CAP_LAST 40 /* the highest that is defined */
#define CAP_ALL  ((1ull << (CAP_LAST + 1)) - 1)

struct cap_header {
    uint32_t version;
    int pid; /* 0: the caller */
};

/* 32 capabilities, of two times as many. */
struct cap_data {
    uint32_t effective, permitted, inheritable;
};
