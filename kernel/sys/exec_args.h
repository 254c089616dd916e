/* The strings that a program is started with, on their way from its
 * predecessor's memory to its own.
 *
 * Private to the thread that execs; may block. */
#pragma once

#include "mm/uaccess.h"

#define EXEC_ARGS_BYTES 131072u /* argv, envp and path, with terminators */
#define EXEC_ARGS_COUNT 8192u   /* strings of argv and envp together */

/* Starts as all zeroes; text is to be freed. */
struct exec_args {
    char *text;       /* path, argv, envp, one string after the other */
    size_t len, room; /* bytes used, and allocated */
    unsigned argc, envc;
};

/* Add a string of the kernel's, or an array of user pointers to strings that
 * NULL ends; a NULL array is empty. The path comes first and is not counted
 * (count is NULL), then argv, then envp.
 * Return 0, -ENOMEM, -E2BIG, -EFAULT. */
int exec_args_add(struct exec_args *args, const char *text, unsigned *count)
    MUST_CHECK;
int exec_args_add_user(struct exec_args *args, uaddr_t array, unsigned *count)
    MUST_CHECK;
