/* Reading directories. NULL or -1 with errno set on failure. */
#pragma once

#include "abi/dirent.h"
#include <sys/types.h>

/* Laid out as the kernel's struct linux_dirent64. */
struct dirent {
    ino_t d_ino;
    off_t d_off;
    uint16_t d_reclen;
    uint8_t d_type; /* DT_* */
    char d_name[256];
};

typedef struct directory DIR;

DIR *opendir(const char *path);
DIR *fdopendir(int fd);
/* The next entry, in no order, or NULL: at the end with errno unchanged. It
 * is valid until the next call. */
struct dirent *readdir(DIR *d);
void rewinddir(DIR *d);
int closedir(DIR *d);
int dirfd(DIR *d);
