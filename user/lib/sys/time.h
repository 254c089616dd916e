/* The time of day in microseconds. */
#pragma once

#include "abi/time.h"

int gettimeofday(struct timeval *to, void *unused);
