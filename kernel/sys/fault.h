/* Exceptions in user mode, for struct trap_hooks. */
#pragma once

struct trapframe;

/* Brings a missing page in, or ends the process by a signal. */
void fault_handle(struct trapframe *frame);
