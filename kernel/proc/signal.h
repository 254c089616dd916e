/* Signals: sent by kill, the terminal and faults; acted on before a thread
 * returns to user mode.
 *
 * Owns what proc/signal_state.h describes. Any context, unless said
 * otherwise. */
#pragma once

#include "proc/process.h"

/* ---- Sending ---- */

/* Sends a signal with what is known of it to thread, or, if that is NULL, to
 * whichever thread of process lets it through: marks it as pending and wakes
 * interruptible sleepers. One that is ignored is dropped; init gets none whose
 * default would end it. Returns 0, or -EAGAIN: there is no room to queue it. */
int signal_send_info_locked(struct process *process, struct thread *thread,
                            const struct siginfo *info) REQUIRES(process_lock);

/* The same from the kernel, to the process, with nothing else to say. */
void signal_send_locked(struct process *process, int sig)
    REQUIRES(process_lock);

/* Tells the parent that its child has ended, stopped or continued: with code
 * CLD_*, and the exit code or signal that goes with it. Wakes it if it waits.
 */
void signal_tell_parent_locked(struct process *process, int code, int status)
    REQUIRES(process_lock);

/* As kill(2): pid > 0 a process, 0 the caller's group, -1 all but init,
 * < -1 group -pid; sig 0 only checks. Returns 0, -ESRCH, -EINVAL, or
 * -EPERM: there is nobody whom the caller may send it to. */
MUST_CHECK int signal_kill(int pid, int sig);

/* Sends info to one thread; pid is its process, or 0. With tid 0, to process
 * pid. A signo of 0 only checks. Returns 0, -ESRCH, -EINVAL, -EPERM,
 * -EAGAIN. */
MUST_CHECK int signal_kill_thread(int pid, int tid, const struct siginfo *info);

/* Sends to every process of group pgid, or, if that is 0, to all but init and
 * the caller. Returns 0 or -ESRCH. */
MUST_CHECK int signal_send_group(int pgid, int sig);

/* Sends to the running thread. Thread context. */
void signal_send_current(int sig);

/* Makes the running thread act on a fault of its own, before anything else,
 * whether it would or not. */
void signal_force(int sig, int code, uint64_t addr);

/* ---- Receiving: for the running thread ---- */

/* Whether it has a signal to act on, so that a sleep should end with
 * -EINTR. */
bool signal_pending(void);

/* Between two pieces of long work: lets others run. Returns whether the
 * process is to end, so that the rest is not worth doing. */
bool signal_killed_meanwhile(void);

/* Before a message about what a program brought upon itself. Returns whether it
 * is one of few: the console and its log are others', too. */
bool signal_may_report(void) MUST_CHECK;

/* Acts on one thing that is pending: has frame continue in a handler, stops, or
 * does not return because the process ends. To be called again as long as the
 * thread has THREAD_WORK_SIGNAL. Thread context, on the way to user mode. */
struct trapframe;
void signal_deliver(struct trapframe *frame);

/* Says that the call of frame has ended with -EINTR. It is made again, with the
 * arguments as they still are, unless a handler runs whose action has no
 * SA_RESTART, or the call was a wait (signal_wait_begin). */
void signal_interrupt_call(struct trapframe *frame);

/* Has the wait that is being begun run with another mask: until the handler
 * that interrupts it has returned, or else until signal_wait_end. */
void signal_mask_for_wait(uint64_t set);

/* Waits for a signal that runs a handler, with another mask. Returns -EINTR.
 * May block. */
int signal_suspend(uint64_t set) MUST_CHECK;

/* Takes a pending signal of `set`, which the caller has blocked, waiting for
 * one until deadline_ns. Returns its number, -EAGAIN, -EINTR. May block. */
MUST_CHECK int signal_wait(uint64_t set, uint64_t deadline_ns,
                           struct siginfo *info);

/* When a wait of ns (WAIT_FOREVER: any time) is to end: counted from now or, if
 * it is made again after a signal, from when it first was. signal_wait_end
 * takes how it ended, 0 or -EINTR among others, and returns that; a handler
 * then always makes it return [signal(7)]. */
uint64_t signal_wait_begin(uint64_t ns);
int signal_wait_end(int error, uint64_t deadline_ns);

/* The signals that are pending and blocked. */
uint64_t signal_pending_set(void);

/* Sets which signals (bit n - 1 for signal n) wait for the running thread. */
void signal_set_blocked(uint64_t set);

/* ---- Dispositions ---- */

/* Stores the action of sig in *old and, unless new is NULL, sets it to *new.
 * Returns 0, -EINVAL, -ENOMEM. */
MUST_CHECK int signal_action(int sig, const struct sigaction_abi *new,
                             struct sigaction_abi *old);

/* The action of sig; and makes it SIG_DFL for the running process. */
struct sigaction_abi signal_get_action(const struct process *process, int sig)
    REQUIRES(process_lock);
void signal_default(int sig);

/* Whether acting on sig would be to do nothing. */
bool signal_is_without_effect(const struct process *process, int sig)
    REQUIRES(process_lock);

/* Whether the process ignores sig by its own choice. */
bool signal_is_ignored(const struct process *process, int sig)
    REQUIRES(process_lock);

/* Whether the process is ending, or has been sent SIGKILL and will. */
bool signal_is_ending(const struct process *process) REQUIRES(process_lock);

/* ---- Lives of processes and threads ---- */

void signal_init_process(struct process *process);
void signal_init_thread(struct thread *thread);

/* Gives a child, not yet started, the actions of the running process and the
 * mask and alternate stack of the running thread. Returns 0 or -ENOMEM. */
MUST_CHECK int signal_inherit(struct process *child, struct thread *thread);

/* Gives a new thread of the running process the running thread's mask. */
void signal_inherit_mask(struct thread *thread);

/* Forgets what was sent to a thread, or to a process, that is ending. */
void signal_end_thread_locked(struct thread *thread) REQUIRES(process_lock);
void signal_end_process_locked(struct process *process) REQUIRES(process_lock);

/* Handlers of process, which nobody else has yet or which is the caller's, go:
 * their signals are done by default. */
void signal_forget_handlers(struct process *process) EXCLUDES(process_lock);

/* A new program: has no handlers, and no stack for them. What is ignored stays
 * so, and what is pending or blocked, too. */
void signal_exec(void);

/* Forgets the running process's dispositions and what was sent to it. */
void signal_reset(void);
