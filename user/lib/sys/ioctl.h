/* Requests to devices. */
#pragma once

#include "abi/termios.h"

/* Returns what the device returned, or -1 with errno set. */
int ioctl(int fd, unsigned long request, ...);
