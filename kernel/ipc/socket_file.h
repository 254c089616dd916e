/* The file that a socket is to a program: reading, writing, waiting.
 *
 * Owns nothing but the ops. Thread context, may block. */
#pragma once

#include "ipc/socket.h"

extern const struct file_ops socket_ops;

/* Makes a file, with O_NONBLOCK or without, that takes over the reference to s.
 * Returns NULL without memory, and the reference stays the caller's. */
struct file *socket_open(struct socket *s, unsigned nonblock);

/* Takes the socket out of a file that nobody else has seen, with the
 * reference. */
struct socket *socket_detach(struct file *file);

/* The socket of a file, or NULL. */
static inline struct socket *
socket_of(const struct file *file)
{
    return file->ops == &socket_ops ? file->private : NULL;
}
