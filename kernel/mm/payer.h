/* Whose the frames in use are: each counts for one of 64 payers, from when it
 * is taken until it is free, be it a page of a process or what the kernel keeps
 * for one. Payer 0 is the kernel itself.
 *
 * Owns the counts, which mm/frame.c keeps: it goes by arch_thread.payer of
 * whoever takes a frame. Any context. */
#pragma once

#include "lib/compiler.h"

#define PAYERS 64u

extern uint32_t payer_frames[PAYERS]; /* atomic */
