/* Mapping memory. */
#pragma once

#include "abi/mman.h"
#include <sys/types.h>

#define MAP_ANON   MAP_ANONYMOUS
#define MAP_FAILED ((void *)-1)

/* MAP_FAILED, or -1, with errno set on failure. */
void *mmap(void *at, size_t length, int protection, int flags, int fd,
           off_t offset);
int munmap(void *at, size_t length);
int mprotect(void *at, size_t length, int protection);
