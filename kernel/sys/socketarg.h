/* What the calls on sockets have in common. Thread context of a process, may
 * block. */
#pragma once

#include "ipc/name.h"
#include "ipc/socket_file.h"
#include "sys/fileargs.h"

/* The socket of a descriptor, and its file, for the length of a call. Returns
 * 0, -EBADF, -ENOTSOCK. */
int socket_arg(uint64_t fd, struct file **file, struct socket **s) MUST_CHECK;

/* Writes name as an address to user space, as much of it as *len bytes at
 * len_user hold, and there how long it is: unnamed_len of no name. An address
 * of 0 is that of who does not ask. Returns 0, -EFAULT, -EINVAL. */
int address_arg_write(const struct socket_name *name, unsigned unnamed_len,
                      uint64_t user, uint64_t len_user) MUST_CHECK;

#define ADDRESS_UNNAMED 2u /* length: only the family */
