/* struct pollfd of ppoll and its events, as Linux riscv64 has them; epoll's
 * are the same bits. */
#pragma once

#include <stdint.h>

struct pollfd {
    int32_t fd;
    int16_t events;
    int16_t revents;
};

#define POLLIN     0x001
#define POLLPRI    0x002
#define POLLOUT    0x004
#define POLLERR    0x008
#define POLLHUP    0x010
#define POLLNVAL   0x020
#define POLLRDNORM 0x040
#define POLLRDBAND 0x080
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200
#define POLLRDHUP  0x2000
