/* Settings of a terminal. -1 with errno set on failure. */
#pragma once

#include "abi/termios.h"

typedef uint32_t tcflag_t;
typedef uint8_t cc_t;

/* When tcsetattr takes effect. */
#define TCSANOW   0
#define TCSADRAIN 1 /* after all output */
#define TCSAFLUSH 2 /* likewise, and input not read yet is dropped */

int tcgetattr(int fd, struct termios *to);
int tcsetattr(int fd, int when, const struct termios *settings);

/* Changes settings so that every byte is read at once, as it was typed. */
void cfmakeraw(struct termios *settings);
