#include "proc/signal_frame.h"
#include "abi/ucontext.h"
#include "arch/vdso.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/sched.h"
#include "proc/signal.h"

_Static_assert(sizeof((struct ucontext){0}.f) ==
                   offsetof(struct fpu_state, fcsr),
               "registers are copied as they are");

/* ---- The alternate stack ---- */

/* Whether sp is on it; one that disarms itself is not in use then. */
static bool
is_on(const struct sigaltstack *stack, uint64_t sp)
{
    return !(stack->flags & SS_AUTODISARM) && sp > stack->sp &&
           sp - stack->sp <= stack->size;
}

int
signal_stack(uint64_t sp, const struct sigaltstack *new,
             struct sigaltstack *old)
{
    struct sigaltstack *stack = &thread_current()->signals.altstack;
    *old = *stack;
    old->flags &= SS_AUTODISARM;
    if (stack->size == 0)
        old->flags |= SS_DISABLE;
    else if (is_on(stack, sp))
        old->flags |= SS_ONSTACK;
    if (!new)
        return 0;
    uint32_t mode = new->flags & ~SS_AUTODISARM;
    if (is_on(stack, sp))
        return -EPERM;
    if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
        return -EINVAL;
    if (mode != SS_DISABLE && new->size < MINSIGSTKSZ)
        return -ENOMEM;
    *stack = *new;
    stack->pad_ = 0;
    if (mode == SS_DISABLE)
        stack->sp = stack->size = 0;
    return 0;
}

/* Where the frame goes, or 0: the alternate stack is in use and full. */
static uint64_t
place_frame(uint64_t sp, const struct sigaction_abi *action)
{
    const struct sigaltstack *stack = &thread_current()->signals.altstack;
    bool already = is_on(stack, sp);
    if (already && !is_on(stack, sp - sizeof(struct sigframe)))
        return 0;
    if (action->flags & SA_ONSTACK && stack->size > 0 && !already)
        sp = stack->sp + stack->size;
    return ALIGN_DOWN(sp - sizeof(struct sigframe), 16);
}

/* ---- Frames ---- */

int
signal_frame_push(struct trapframe *frame, const struct sigaction_abi *action,
                  const struct siginfo *info, uint64_t mask)
{
    struct thread *t = thread_current();
    uint64_t sp = place_frame(frame->sp, action);
    struct sigframe saved = {.info = *info};
    struct ucontext *uc = &saved.ucontext;
    (void)!signal_stack(frame->sp, NULL, &uc->stack);
    uc->sigmask = mask;
    uc->pc = frame->sepc;
    memcpy(uc->x, &frame->ra, sizeof(uc->x));
    sched_save_fpu();
    memcpy(uc->f, t->arch.fpu.f, sizeof(uc->f));
    uc->fcsr = (uint32_t)t->arch.fpu.fcsr;
    if (sp == 0 || uaccess_write(uaddr(sp), &saved, sizeof(saved)) != 0)
        return -EFAULT;

    if (t->signals.altstack.flags & SS_AUTODISARM)
        t->signals.altstack = (struct sigaltstack){0};
    frame->sepc = action->handler;
    frame->ra = VDSO_BASE + vdso_sigreturn_at;
    frame->sp = sp;
    frame->a[0] = (uint64_t)info->signo;
    frame->a[1] = sp + offsetof(struct sigframe, info);
    frame->a[2] = sp + offsetof(struct sigframe, ucontext);
    return 0;
}

int
signal_frame_pop(struct trapframe *frame)
{
    struct thread *t = thread_current();
    struct sigaltstack old;
    struct ucontext uc;
    uint64_t at = frame->sp + offsetof(struct sigframe, ucontext);
    if (frame->sp % 16 != 0 || uaccess_read(&uc, uaddr(at), sizeof(uc)) != 0 ||
        uc.extension != 0 || uc.end_magic != 0 || uc.end_size != 0)
        return -EFAULT;
    /* sstatus is not the user's to set; sret drops to user mode wherever pc
     * points. */
    frame->sepc = uc.pc;
    memcpy(&frame->ra, uc.x, sizeof(uc.x));
    memcpy(t->arch.fpu.f, uc.f, sizeof(uc.f));
    t->arch.fpu.fcsr = uc.fcsr & 0xff; /* frm and fflags */
    frame->sstatus = (frame->sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
    sched_load_fpu();
    signal_set_blocked(uc.sigmask);
    (void)!signal_stack(frame->sp, &uc.stack, &old);
    return 0;
}
