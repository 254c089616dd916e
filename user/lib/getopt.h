/* Options of a command line. */
#pragma once

extern char *optarg;
extern int optind, optopt, opterr;

/* The next option letter; ':' after a letter of letters means it takes an
 * argument, left in optarg. '?' for a bad one, -1 at the end; then optind is
 * the first operand. Options end at the first operand or after "--". */
int getopt(int argc, char *const argv[], const char *letters);
