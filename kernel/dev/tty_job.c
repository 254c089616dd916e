#include "dev/tty_impl.h"
#include "abi/errno.h"
#include "abi/signal.h"
#include "proc/signal.h"

/* A process's place among sessions and groups, as of now. */
struct place {
    int pid, pgid, sid;
};

static void
place_of(struct process *process, struct place *place)
{
    spin_lock(&process_lock);
    place->pid = process->pid;
    place->pgid = process->pgid;
    place->sid = process->sid;
    spin_unlock(&process_lock);
}

/* Makes tty the controlling terminal of the caller's session, whose leader
 * the caller must be, unless another session has it [posix §11.1.3]. */
static int
take(struct tty *tty, const struct place *caller)
{
    if (caller->sid != caller->pid)
        return -EPERM;
    int err = 0;
    spin_lock(&tty->lock);
    if (tty->session == 0) {
        tty->session = caller->sid;
        tty->foreground = caller->pgid;
    } else if (tty->session != caller->sid) {
        err = -EPERM;
    }
    spin_unlock(&tty->lock);
    return err;
}

static int
set_foreground(struct tty *tty, const struct place *caller, int pgid)
{
    if (pgid <= 0)
        return -EINVAL;
    spin_lock(&process_lock);
    const struct process *member = process_find_group_locked(pgid);
    int session = member ? member->sid : 0;
    spin_unlock(&process_lock);
    if (session != caller->sid)
        return session == 0 ? -ESRCH : -EPERM;

    spin_lock(&tty->lock);
    bool ours = tty->session == caller->sid;
    if (ours)
        tty->foreground = pgid;
    spin_unlock(&tty->lock);
    return ours ? 0 : -ENOTTY;
}

int
tty_session(struct tty *tty)
{
    spin_lock(&tty->lock);
    int session = tty->session;
    spin_unlock(&tty->lock);
    return session;
}

void
tty_release_session(struct tty *tty, int session)
{
    spin_lock(&tty->lock);
    int group = 0;
    if (session != 0 && tty->session == session) {
        group = tty->foreground;
        tty->session = tty->foreground = 0;
    }
    spin_unlock(&tty->lock);
    tty_signal(tty, group, SIGHUP);
    tty_signal(tty, group, SIGCONT);
}

/* Whether nobody of the session is left who could continue the group: no
 * member has a parent in another group of the session. */
static bool
is_orphaned_locked(int pgid) REQUIRES(process_lock)
{
    struct process *p;
    list_for_each_entry (p, &process_list, all_node)
        if (p->pgid == pgid && p->parent && p->parent->pgid != pgid &&
            p->parent->sid == p->sid)
            return false;
    return true;
}

static int
stop_for_input(struct tty *tty, struct process *self)
{
    uint64_t blocked = thread_current()->blocked & 1ul << (SIGTTIN - 1);
    spin_lock(&process_lock);
    int pgid = self->pgid;
    bool hopeless = self->pid == 1 || blocked ||
                    signal_is_ignored(self, SIGTTIN) ||
                    is_orphaned_locked(pgid);
    spin_unlock(&process_lock);
    if (hopeless)
        return -EIO;
    tty_signal(tty, pgid, SIGTTIN);
    return -EINTR;
}

int
tty_job_may_read(struct tty *tty)
{
    struct process *self = process_current();
    struct place caller;
    place_of(self, &caller);
    spin_lock(&tty->lock);
    bool background = tty->session == caller.sid && tty->foreground > 0 &&
                      tty->foreground != caller.pgid;
    spin_unlock(&tty->lock);
    return background ? stop_for_input(tty, self) : 0;
}

/* The requests that only processes of the terminal's own session may make. */
static int
owner_ioctl(struct tty *tty, const struct place *caller, unsigned request,
            uaddr_t arg)
{
    int value;
    spin_lock(&tty->lock);
    bool ours = tty->session == caller->sid;
    value = request == TIOCGSID ? tty->session : tty->foreground;
    spin_unlock(&tty->lock);
    if (!ours)
        return -ENOTTY;

    switch (request) {
    case TIOCSPGRP:
        if (uaccess_read(&value, arg, sizeof(value)) != 0)
            return -EFAULT;
        return set_foreground(tty, caller, value);
    case TIOCNOTTY:
        if (caller->pid == caller->sid)
            tty_release_session(tty, caller->sid);
        return 0;
    default: /* TIOCGPGRP, TIOCGSID */
        return uaccess_write(arg, &value, sizeof(value));
    }
}

int
tty_job_ioctl(struct tty *tty, unsigned request, uaddr_t arg)
{
    struct place caller;
    place_of(process_current(), &caller);
    switch (request) {
    case TIOCSCTTY:
        return take(tty, &caller);
    case TIOCGPGRP:
    case TIOCSPGRP:
    case TIOCGSID:
    case TIOCNOTTY:
        return owner_ioctl(tty, &caller, request, arg);
    default:
        return -ENOTTY;
    }
}
