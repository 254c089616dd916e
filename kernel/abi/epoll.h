/* epoll, as Linux riscv64 has it; the events are those of abi/poll.h. */
#pragma once

#include <stdint.h>

struct epoll_event {
    uint32_t events, pad_;
    uint64_t data; /* the program's own */
};

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP    (1u << 29)
#define EPOLLONESHOT   (1u << 30)
#define EPOLLET        (1u << 31)
