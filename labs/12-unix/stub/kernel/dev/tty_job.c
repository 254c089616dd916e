#include "dev/tty_impl.h"
#include "lib/todo.h"
#include "proc/signal.h"

/* Takes the terminal away from its session, whose foreground group is told by
 * SIGHUP and SIGCONT; its leader, too, if that lives on (hang_up). Locks in
 * their order, process_lock before the terminal's. */
static void
release(struct tty *tty, bool hang_up)
{
    LAB_TODO(12);
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
    spin_lock(&tty->lock);
    tty->hung_up = true;
    waitq_notify(&tty->readers);
    waitq_notify(&tty->writers);
    spin_unlock(&tty->lock);
    release(tty, true);
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

/* The header has the rules. Both locks, process_lock first, and neither when a
 * signal is sent. Only a group in the background of the terminal's own session
 * is concerned; process 1, who ignores or blocks sig, and a group that nobody
 * would continue (process_is_orphaned_group_locked) cannot be stopped. */
int
tty_job_check(struct tty *tty, int sig)
{
    LAB_TODO(12);
}

/* A request by process self, whose session has a terminal or has none, that has
 * brought, or is to get, *value. TIOCSCTTY is for a session's leader whose
 * session has no other terminal, unless another session has this one: -EPERM
 * [posix §11.1.3]; its group is in the foreground then. All others are for
 * the terminal's own session: -ENOTTY. TIOCSPGRP: -EINVAL for what is no group,
 * -ESRCH for one that is not there, -EPERM for one of another session. */
static int
request_locked(struct tty *tty, const struct process *self, bool has,
               unsigned request, int *value) REQUIRES(process_lock)
REQUIRES(tty->lock)
{
    LAB_TODO(12);
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
