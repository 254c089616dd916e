#include "dev/tty_impl.h"
#include "proc/signal.h"

/* Takes the terminal away from its session, whose foreground group is told;
 * its leader, too, if that lives on. */
static void
release(struct tty *tty, bool hang_up)
{
    spin_lock(&process_lock);
    spin_lock(&tty->lock);
    int group = tty->foreground;
    struct process *leader =
        tty->session ? process_find_locked(tty->session) : NULL;
    tty->session = tty->foreground = 0;
    spin_unlock(&tty->lock);
    if (hang_up && leader) {
        signal_send_locked(leader, SIGHUP);
        signal_send_locked(leader, SIGCONT);
    }
    spin_unlock(&process_lock);
    tty_signal(tty, group, SIGHUP);
    tty_signal(tty, group, SIGCONT);
}

void
tty_release_session(int session)
{
    struct OWNED(tty) *tty = tty_find_session(session);
    if (tty)
        release(tty, false);
}

void
tty_hangup(struct tty *tty)
{
    release(tty, true); /* first: who is to be ended does not read an end */
    spin_lock(&tty->lock);
    tty->hung_up = true;
    waitq_notify(&tty->readers);
    waitq_notify(&tty->writers);
    spin_unlock(&tty->lock);
}

int
tty_open(struct tty *tty, bool take)
{
    const struct process *self = process_current();
    int err = READ_ONCE(tty->hung_up) ? -EIO : 0;
    if (!err && tty->ops->open)
        err = tty->ops->open(tty->port);
    if (err || !take)
        return err;
    struct OWNED(tty) *has = tty_find_session(READ_ONCE(self->sid));
    spin_guard(&process_lock);
    spin_guard(&tty->lock);
    if (!has && self->sid == self->pid && tty->session == 0) {
        tty->session = self->sid;
        tty->foreground = self->pgid;
    }
    return 0;
}

bool
tty_job_is_stranger(const struct tty *tty)
{
    return tty->session != 0 && tty->session != process_current()->sid &&
           !cred_is_root(cred_current());
}

int
tty_job_check(struct tty *tty, int sig)
{
    struct process *self = process_current();
    uint64_t blocked = thread_current()->signals.blocked & 1ul << (sig - 1);
    spin_lock(&process_lock);
    int pgid = self->pgid;
    spin_lock(&tty->lock);
    bool stranger = tty_job_is_stranger(tty);
    bool background = tty->session == self->sid && tty->foreground > 0 &&
                      tty->foreground != pgid;
    spin_unlock(&tty->lock);
    bool deaf = background &&
                (self->pid == 1 || blocked || signal_is_ignored(self, sig));
    bool orphaned =
        background && !deaf && process_is_orphaned_group_locked(pgid, NULL);
    spin_unlock(&process_lock);
    if (stranger)
        return -EIO;
    if (!background || (deaf && sig == SIGTTOU))
        return 0;
    if (deaf || orphaned)
        return -EIO;
    tty_signal(tty, pgid, sig);
    return -EINTR;
}

/* A request by process self, whose session has a terminal or has none, that has
 * brought, or is to get, *value. */
static int
request_locked(struct tty *tty, const struct process *self, bool has,
               unsigned request, int *value) REQUIRES(process_lock)
REQUIRES(tty->lock)
{
    bool is_ours = tty->session == self->sid;
    const struct process *member;
    switch (request) {
    case TIOCSCTTY:
        /* For a session's leader, unless another session has the terminal
         * [posix §11.1.3]. */
        if (self->sid != self->pid || (tty->session != 0 && !is_ours) ||
            (has && !is_ours))
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
    int value = 0, err = 0;
    if (request == TIOCSPGRP)
        err = uaccess_read(&value, arg, sizeof(value));
    if (err)
        return err;
    struct OWNED(tty) *has = tty_find_session(READ_ONCE(self->sid));
    spin_lock(&process_lock);
    spin_lock(&tty->lock);
    err = request_locked(tty, self, has != NULL, request, &value);
    bool leads = self->sid == self->pid;
    spin_unlock(&tty->lock);
    spin_unlock(&process_lock);
    if (err)
        return err;
    if (request == TIOCNOTTY && leads)
        release(tty, false);
    if (request == TIOCGPGRP || request == TIOCGSID)
        return uaccess_write(arg, &value, sizeof(value));
    return 0;
}
