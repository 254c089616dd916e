/* Exceptions in user mode, for struct trap_hooks. */
#pragma once

struct trapframe;

/* A page fault: brings the page in, or ends the process by a signal. */
void fault_page(struct trapframe *frame);

/* Any other exception: ends the process by a signal. */
void fault_exception(struct trapframe *frame);
