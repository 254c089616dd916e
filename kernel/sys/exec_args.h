/* What a program is started with: strings on their way from one memory to
 * another, and what scripts do to them.
 *
 * Private to the thread that execs; may block. */
#pragma once

#include "mm/slab.h"
#include "mm/uaccess.h"

struct cred;
struct file;

#define SCRIPT_LINE_BYTES 256u

/* The strings that a program is started with, on their way from its
 * predecessor's memory to its own: path, argv, envp. Starts as all zeroes;
 * what adds to it returns 0, -ENOMEM, -E2BIG or -EFAULT. */
struct exec_args {
    char *text;
    size_t len, room;
    unsigned argc, envc; /* the path is not counted */
    struct cred *cred;   /* whose the process will be; commit takes it over */
};

static inline void
exec_args_end(struct exec_args *args)
{
    kfree(args->text);
}

/* Adds a string of the kernel's, and counts it unless count is NULL. */
int exec_args_add(struct exec_args *args, const char *text, unsigned *count)
    MUST_CHECK;

/* Adds what an array of user pointers to strings, ended by NULL, has; a NULL
 * array is empty. */
int exec_args_add_user(struct exec_args *args, uaddr_t array, unsigned *count)
    MUST_CHECK;

/* Reads the first line of a script, without #!, into line of SCRIPT_LINE_BYTES,
 * and cuts it up: the interpreter, and what follows, which is one argument or
 * none. Returns 0; -ENOEXEC if it is no script, or the file's error. */
int exec_args_read_script(struct file *file, char *line, char **interpreter,
                          char **argument) MUST_CHECK;

/* Makes args those of an interpreter: itself, its argument if there is one, the
 * script's path, and the script's arguments but the first. */
int exec_args_interpret(struct exec_args *args, const char *path,
                        const char *interpreter, const char *argument)
    MUST_CHECK;
