/* What a signal handler finds on its stack, as Linux riscv64 has it. */
#pragma once

#include "abi/signal.h"

struct ucontext {
    uint64_t flags; /* 0 */
    uint64_t link;  /* 0 */
    struct sigaltstack stack;
    uint64_t sigmask;
    uint8_t reserved_[120]; /* in case there are more signals one day */
    uint64_t pad_;          /* registers are 16-byte aligned */

    uint64_t pc;
    uint64_t x[31]; /* x1 to x31 */
    uint64_t f[32]; /* the D extension's registers */
    uint32_t fcsr;
    uint8_t fp_pad_[256]; /* to the size of the Q extension's registers */
    uint32_t extension;   /* 0, as is what follows: there are no more states */
    uint32_t end_magic, end_size;
};

struct sigframe {
    struct siginfo info;
    uint8_t info_pad_[SIGINFO_SIZE - sizeof(struct siginfo)];
    struct ucontext ucontext;
};

_Static_assert(sizeof(struct sigframe) == 1088, "as struct rt_sigframe");
