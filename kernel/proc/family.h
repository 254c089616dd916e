/* What fork.c and exit.c share of process.h: the hooks of the layer above. */
#pragma once

#include "proc/process.h"

extern struct process_hooks family_hooks;
