/* The strings that a program is started with, on their way from its
 * predecessor's memory to its own.
 *
 * Private to the thread that execs; may block. */
#pragma once

#include "mm/uaccess.h"

#define EXEC_ARGS_BYTES 131072u /* argv, envp and path, with terminators */
#define EXEC_ARGS_COUNT 8192u   /* strings of argv and envp together */

struct exec_args {
    char *text;       /* path, argv, envp, one string after the other */
    size_t len, room; /* bytes used, and allocated */
    unsigned argc, envc;
};

/* Returns 0 or -ENOMEM; exec_args_free releases what 0 gave. */
int exec_args_init(struct exec_args *args, const char *path) MUST_CHECK;
void exec_args_free(struct exec_args *args);

/* Adds argv, then envp: arrays of user pointers to strings, ended by NULL;
 * a NULL array is empty. Return 0, -EFAULT, -E2BIG. */
int exec_args_add_user(struct exec_args *args, uaddr_t array, unsigned *count)
    MUST_CHECK;

/* Adds one string of the kernel's. Returns 0 or -E2BIG. */
int exec_args_add(struct exec_args *args, const char *text, unsigned *count)
    MUST_CHECK;
