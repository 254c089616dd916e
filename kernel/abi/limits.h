/* Sizes that user land can rely on, as Linux has them. */
#pragma once

#define NAME_MAX 255  /* bytes of one path component */
#define PATH_MAX 4096 /* bytes of a path with its terminator */
#define PIPE_BUF 4096 /* bytes a write to a pipe keeps together */
#define IOV_MAX  1024 /* vectors of one readv or writev */
