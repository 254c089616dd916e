/* The state that the parts of the shell share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/cdefs.h>
#include <sys/types.h>

/* Why the running list of commands is being left early. */
enum jump {
    JUMP_NONE,
    JUMP_BREAK,    /* out of jump_levels loops */
    JUMP_CONTINUE, /* likewise, and round the last of them again */
    JUMP_RETURN,   /* out of a function or a sourced file */
    JUMP_ABORT,    /* to the prompt: an interrupt or an error */
};

struct shell {
    const char *name; /* $0 */
    char **params;    /* $1 and on, count of them, NULL */
    size_t count;
    int status;       /* $? */
    bool substituted; /* a command's output was put into a word */
    pid_t pid;        /* $$ */
    pid_t background; /* $!, 0 if none yet */

    bool interactive;
    bool job_control; /* the terminal takes a foreground group */
    bool option_e, option_u, option_x, option_f, option_C;

    enum jump jump;
    int jump_levels;
    int loops;     /* being run */
    int unchecked; /* above 0, a failing command does not end the shell (-e) */
};

extern struct shell shell;

/* Prints "sh: text" and makes $? status; for errors in a command. */
void shell_error(int status, const char *format, ...) PRINTF(2, 3);

/* Runs text as commands. name is for messages. */
void shell_run_text(const char *text, const char *name);

/* Runs a file's commands. False, with errno set, if it cannot be read. */
bool shell_run_file(const char *path);

/* Ends the shell. */
NORETURN void shell_exit(int status);
