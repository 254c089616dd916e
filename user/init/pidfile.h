/* The process of a forking service, as the file of its `pidfile` names it. */
#pragma once

#include <sys/types.h>

struct service;

/* Removes the file that an earlier process of s has left. */
void pidfile_remove(const struct service *s);

/* The process that s's file names, or 0. The file counts only if it is a
 * regular one of root's or of s's user; the process, only if it is a child of
 * init's that belongs to no service: any other is not s's to stop. */
pid_t pidfile_read(const struct service *s);
