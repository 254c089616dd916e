/* Signal frames: what a handler finds on its stack, and what it leaves there
 * for rt_sigreturn.
 *
 * Owns nothing. Thread context of the thread itself, may block. */
#pragma once

#include "abi/signal.h"
#include "lib/compiler.h"

struct trapframe;

/* Saves the user's registers, and `mask`, on its stack or its alternate one,
 * and makes it continue in action's handler. Returns 0 or -EFAULT. */
int signal_frame_push(struct trapframe *frame,
                      const struct sigaction_abi *action,
                      const struct siginfo *info, uint64_t mask) MUST_CHECK;

/* Takes back what is saved at the user's stack pointer. Nothing in it is
 * trusted: it holds user registers, which the user may set as it likes.
 * Returns 0 or -EFAULT. */
int signal_frame_pop(struct trapframe *frame) MUST_CHECK;

/* As sigaltstack(2), for a thread whose stack pointer is sp. old is filled in;
 * new may be NULL. Returns 0, -EPERM, -EINVAL, -ENOMEM. */
int signal_stack(uint64_t sp, const struct sigaltstack *new,
                 struct sigaltstack *old) MUST_CHECK;
