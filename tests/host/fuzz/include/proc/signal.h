/* The host's stand-in for kernel/proc/signal.h. */
#pragma once

#include "abi/signal.h"
#include "proc/process.h"

void signal_send_current(int sig);
bool signal_killed_meanwhile(void);
uint64_t signal_wait_begin(uint64_t timeout_ns);
int signal_wait_end(int result, uint64_t deadline_ns);
