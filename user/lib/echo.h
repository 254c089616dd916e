/* echo, which is both a program and a builtin of the shell. */
#pragma once

/* Prints argv[1] and on, separated by blanks. -n leaves out the newline, -e
 * interprets backslashes. Returns the exit status. */
int echo_main(int argc, char **argv);
