#include "proc/cred.h"
#include "lib/refcount.h"
#include "lib/string.h"
#include "abi/mode.h"
#include "mm/slab.h"
#include "proc/filter.h"
#include "proc/process.h"

/* Of kernel threads, and of process 1 to begin with. */
static struct cred superuser = {.refs = 1};

const struct cred *
cred_current(void)
{
    const struct cred *cred = thread_current()->cred;
    return likely(cred != NULL) ? cred : &superuser;
}

struct cred *
cred_copy(void)
{
    struct cred *copy = kmalloc(sizeof(*copy));
    if (!copy)
        return NULL;
    /* The count in front of the rest is others' to change. */
    memcpy(&copy->uid, &cred_current()->uid,
           sizeof(*copy) - offsetof(struct cred, uid));
    copy->refs = 1;
    filter_ref(copy->filter);
    return copy;
}

const struct cred *
cred_get(const struct cred *cred)
{
    refcount_add(&((struct cred *)cred)->refs);
    return cred;
}

void
cred_put(const struct cred *cred)
{
    struct cred *own = (struct cred *)cred;
    if (!own || !refcount_drop(&own->refs))
        return;
    filter_put(own->filter);
    kfree(own);
}

void
cred_set(const struct cred *cred)
{
    struct thread *t = thread_current();
    struct process *self = t->process;
    const struct cred *old = t->cred;
    t->cred = cred_get(cred);
    t->arch.payer = (uint8_t)cred_payer(cred);
    spin_lock(&process_lock);
    const struct cred *seen = self->cred;
    self->cred = cred;
    spin_unlock(&process_lock);
    cred_put(old);
    cred_put(seen);
}

const struct cred *
cred_exchange(const struct cred *cred)
{
    struct thread *t = thread_current();
    const struct cred *old = t->cred;
    t->cred = cred;
    return old;
}

void
cred_run_program(struct cred *cred, uint32_t mode, uint32_t uid, uint32_t gid,
                 bool readable)
{
    if ((mode & S_ISUID) && !cred->no_new_privs)
        cred->uid.effective = uid;
    /* Without S_IXGRP the bit once meant something else. */
    if ((mode & S_ISGID) && (mode & S_IXGRP) && !cred->no_new_privs)
        cred->gid.effective = gid;
    cred->uid.saved = cred->uid.fs = cred->uid.effective;
    cred->gid.saved = cred->gid.fs = cred->gid.effective;
    cred->is_hidden = cred_is_secure(cred) || !readable;
}

bool
cred_is_secure(const struct cred *cred)
{
    return cred->uid.effective != cred->uid.real ||
           cred->gid.effective != cred->gid.real;
}

bool
cred_may_signal(const struct process *target, int sig)
{
    const struct cred *self = cred_current(), *other = target->cred;
    if (cred_is_root(self) || target == process_current() ||
        (sig == SIGCONT && target->sid == process_current()->sid))
        return true;
    return self->uid.effective == other->uid.saved ||
           self->uid.effective == other->uid.real ||
           self->uid.real == other->uid.saved ||
           self->uid.real == other->uid.real;
}

static bool
is_only(const struct cred_ids *ids, uint32_t id)
{
    return ids->real == id && ids->effective == id && ids->saved == id;
}

bool
cred_may_inspect(const struct process *target)
{
    const struct cred *self = cred_current(), *other = target->cred;
    return target == process_current() || cred_is_root(self) ||
           (!other->is_hidden && is_only(&other->uid, self->uid.fs) &&
            is_only(&other->gid, self->gid.fs));
}

bool
cred_may_schedule(const struct process *target)
{
    const struct cred *self = cred_current(), *other = target->cred;
    return cred_is_root(self) || self->uid.effective == other->uid.real ||
           self->uid.effective == other->uid.effective;
}
