/* The prompt. */
#pragma once

#include <stdbool.h>

/* PS1 for the first line of a command, else PS2, or what stands for them:
 * "umbra# " for root, "umbra$ " for others, and "> ". \w in it is the working
 * directory, \u the user, \h the host, \$ is # or $. Valid until the next
 * call. */
const char *prompt_text(bool first);
