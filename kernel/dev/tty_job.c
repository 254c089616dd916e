#include "dev/tty_impl.h"
#include "abi/errno.h"
#include "abi/signal.h"
#include "proc/signal.h"

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

int
tty_job_may_read(struct tty *tty)
{
    struct process *self = process_current();
    uint64_t blocked = thread_current()->signals.blocked & 1ul << (SIGTTIN - 1);
    spin_lock(&process_lock);
    int pgid = self->pgid;
    spin_lock(&tty->lock);
    bool background = tty->session == self->sid && tty->foreground > 0 &&
                      tty->foreground != pgid;
    spin_unlock(&tty->lock);
    bool hopeless = background && (self->pid == 1 || blocked ||
                                   signal_is_ignored(self, SIGTTIN) ||
                                   is_orphaned_locked(pgid));
    spin_unlock(&process_lock);
    if (!background)
        return 0;
    if (hopeless)
        return -EIO;
    tty_signal(tty, pgid, SIGTTIN);
    return -EINTR;
}

/* A request by process self, that has brought, or is to get, *value. */
static int
request_locked(struct tty *tty, const struct process *self, unsigned request,
               int *value) REQUIRES(process_lock)
REQUIRES(tty->lock)
{
    bool is_ours = tty->session == self->sid;
    const struct process *member;
    switch (request) {
    case TIOCSCTTY:
        /* For a session's leader, unless another session has the terminal
         * [posix §11.1.3]. */
        if (self->sid != self->pid || (tty->session != 0 && !is_ours))
            return -EPERM;
        if (!is_ours)
            tty->foreground = self->pgid;
        tty->session = self->sid;
        return 0;
    case TIOCGPGRP:
        *value = tty->foreground;
        break;
    case TIOCSPGRP:
        member = process_find_group_locked(*value);
        if (!is_ours)
            return -ENOTTY;
        if (*value <= 0 || !member)
            return *value <= 0 ? -EINVAL : -ESRCH;
        if (member->sid != self->sid)
            return -EPERM;
        tty->foreground = *value;
        break;
    case TIOCGSID:
        *value = tty->session;
        break;
    case TIOCNOTTY:
        break;
    default:
        return -ENOTTY;
    }
    return is_ours ? 0 : -ENOTTY;
}

int
tty_job_ioctl(struct tty *tty, unsigned request, uaddr_t arg)
{
    const struct process *self = process_current();
    int value = 0;
    if (request == TIOCSPGRP && uaccess_read(&value, arg, sizeof(value)) != 0)
        return -EFAULT;
    spin_lock(&process_lock);
    spin_lock(&tty->lock);
    int err = request_locked(tty, self, request, &value);
    int led = self->sid == self->pid ? self->sid : 0; /* session, if any */
    spin_unlock(&tty->lock);
    spin_unlock(&process_lock);
    if (err)
        return err;
    if (request == TIOCNOTTY)
        tty_release_session(tty, led);
    if (request == TIOCGPGRP || request == TIOCGSID)
        return uaccess_write(arg, &value, sizeof(value));
    return 0;
}
