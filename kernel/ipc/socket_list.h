/* /proc/net/unix: the sockets that files have. Thread context, may block. */
#pragma once

#include "fs/pseudo.h"

/* Adds a line for each, as Linux has them. Returns as text_printf. */
int socket_show_all(struct text *out);
