/* Uptime, load and memory at a glance. */
#pragma once

#include "abi/sysinfo.h"

int sysinfo(struct sysinfo *to);
