/* Settings of a terminal. -1 with errno set on failure. */
#pragma once

#include "abi/termios.h"

/* What the kernel takes no notice of. */
#define IUCLC   0001000
#define OLCUC   0000002
#define OFILL   0000100
#define OFDEL   0000200
#define CBAUD   0010017
#define B9600   0000015
#define B38400  0000017
#define PARODD  0001000
#define CMSPAR  010000000000
#define CRTSCTS 020000000000
#define XCASE   0000004
#define ECHOPRT 0002000
#define FLUSHO  0010000
#define EXTPROC 0200000

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
