/* What a thread has only until its system call is over.
 *
 * Owns nothing: the running thread keeps the references. Thread context. */
#pragma once

#include "lib/compiler.h"

/* Keeps a reference to a file, of at most THREAD_BORROWED_MAX, until the call
 * is over and struct process_hooks's end_call asks for it. */
void thread_borrow(void *file);

/* Gives back one of them; NULL: there are no more. */
void *thread_give_back(void);
