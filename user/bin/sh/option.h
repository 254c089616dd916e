/* The options of set, and of the shell's own command line. */
#pragma once

#include <stdbool.h>

#define OPTION_LETTERS "Cefux"

/* Sets the option with this letter, or this long name; false if there is none.
 */
bool option_set(char letter, bool on);
bool option_set_name(const char *name, bool on);

/* Prints the long names with their states. */
void option_print(void);

/* The letters of those that are set, for $-; valid until the next call. */
const char *option_letters(void);
