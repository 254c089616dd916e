/* Control messages [cmsg(3)]: files and credentials that go with bytes.
 *
 * Owns nothing. Thread context of a process, may block. */
#pragma once

#include "ipc/transfer.h"

/* What the running thread sends as unless it says otherwise. */
struct ucred control_own_cred(void);

/* Reads the control messages in len bytes at user address `user` into
 * outgoing, whose rights become the caller's to free.
 * Returns 0; -EINVAL, -EBADF, -EFAULT, -ENOBUFS, -ENOMEM, -EPERM (another's
 * credentials), -ESRCH (of a process that is not there). */
int control_read(uint64_t user, size_t len, struct outgoing *outgoing)
    MUST_CHECK;

/* Hands what was received to the program: files as descriptors, with the
 * close-on-exec mark or without, and credentials if has_cred, as control
 * messages in *len bytes at `user`. What has no room there is left out, and
 * MSG_CTRUNC set in incoming->answers. *len becomes what is used. */
int control_write(uint64_t user, size_t *len, bool has_cred, bool cloexec,
                  struct incoming *incoming) MUST_CHECK;
