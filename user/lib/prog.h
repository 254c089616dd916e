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

/* Ends the program with status, or with 1 and a message if standard output
 * could not be written. */
NORETURN void prog_exit(int status);

/* Reads a small text file such as those in /proc into to, terminated and
 * without its last newline. Returns false, with errno set, if it cannot. */
bool prog_read_text(const char *path, char *to, size_t size);
