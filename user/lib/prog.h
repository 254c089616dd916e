/* What every program does the same way: options, usage, files to read. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* As getopt, but -h (unless letters has an h) and --help print usage and
 * exit with 0, and a bad option prints it on stderr and exits with 2. */
int prog_option(int argc, char **argv, const char *letters, const char *usage);

/* Prints usage on stderr and exits with 2. */
NORETURN void prog_usage(const char *usage);

/* Reads a whole number from 0 to max, or complains about text and exits
 * with 2. */
unsigned long prog_number(const char *text, unsigned long max);

/* Calls each for the files named from argv[optind] on, "-" and no name at
 * all meaning stdin, which is called "-". One that cannot be opened or read is
 * complained about. Returns false if there was such a one. */
bool prog_each_file(int argc, char **argv,
                    void (*each)(FILE *f, const char *name));

/* As realloc, but ends the program if there is no memory. */
void *prog_realloc(void *old, size_t size);
/* As asprintf, likewise. */
char *prog_format(const char *format, ...) PRINTF(1, 2);

/* dir and name joined with a slash if dir does not end with one; likewise. */
char *prog_join(const char *dir, const char *name);

/* The last part of path without trailing slashes, "/" for those only;
 * likewise. */
char *prog_last_part(const char *path);

/* Whether path is a directory, or a link to one. */
bool prog_is_directory(const char *path);

/* For SOURCE TARGET and SOURCE... DIR: calls each for every operand but the
 * last with the name it is to have, which is in the last one if into says that
 * this is a directory. Returns whether all calls did. */
bool prog_each_source(char **operands, int count, bool into,
                      bool (*each)(const char *from, const char *to));

/* The names in a directory but those that begin with a dot, those of the same
 * length together, the shortest first: vdz before vdaa. The array and the names
 * are from malloc. Ends the program with a message if it cannot. */
char **prog_list_devices(const char *directory, size_t *count);

/* Runs a program, found in PATH, and waits for it. Returns its exit status as
 * shells count: 128 and the signal's number if one ended it, 126 or 127 after
 * a message if it could not be run or found. */
int prog_run(char *const argv[]);

/* Asks on stderr; whether a line that begins with y was read from stdin. */
bool prog_ask(const char *format, ...) PRINTF(1, 2);

/* Ends the program with status, or with 1 and a message if standard output
 * could not be written. */
NORETURN void prog_exit(int status);

/* Reads a small text file such as those in /proc into to, terminated and
 * without its last newline. Returns false, with errno set, if it cannot. */
bool prog_read_text(const char *path, char *to, size_t size);
