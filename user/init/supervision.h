/* What the supervisor remembers of a service; for its own files only. */
#pragma once

#include "health.h"
#include "listen.h"
#include "notify.h"
#include "restart.h"
#include "service.h"

struct supervision {
    struct service *service;
    /* There is one thing at a time to wait for: to be ready (starting), the
     * next heartbeat (running), the end (stopping), the next start (down). */
    struct timer timer;
    uint64_t not_before; /* it may not start again earlier */
    struct restart_history history;
    struct watch failure; /* its process says why it is not the program */
    struct notify notify;
    struct health health;
    struct listen listen;
    char blame[80]; /* why init killed its process; "": it did not */
};

/* The member of a struct that a pointer to another of its members is in. */
#define CONTAINER(pointer, type, member) \
    ((type *)((char *)(pointer)-offsetof(type, member)))
