/* Redirections. */
#pragma once

#include "node.h"
#include <stdbool.h>

/* The descriptors that redirections have replaced. */
struct redir_saved {
    int count;
    struct {
        int fd, copy; /* copy is -1 if fd was closed */
    } slots[16];
};

/* Applies redirs in order. With saved, the old descriptors are kept there for
 * redir_restore, which the caller calls whatever the result. False if one
 * failed, which was reported. */
bool redir_apply(const struct redir *redirs, struct redir_saved *saved);
void redir_restore(struct redir_saved *saved);
