#include "ipc/control.h"

#include "abi/errno.h"
#include "fs/fdtable.h"
#include "ipc/message.h"
#include "ipc/socket_file.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/process.h"

/* Bytes of control messages that one call takes, as Linux has it. */
#define CONTROL_MAX 20480u

/* A header; its data follows, and what follows that is aligned to 8 bytes. */
struct control {
    uint64_t len; /* with this */
    int32_t level, type;
};

struct ucred
control_own_cred(void)
{
    const struct cred *cred = cred_current();
    return (struct ucred){process_current()->pid, cred->uid.real,
                          cred->gid.real};
}

/* ---- Sending ---- */

static int
read_files(const int *fds, unsigned n, struct outgoing *outgoing)
{
    struct fdtable *table = process_current()->fdtable;
    if (n == 0)
        return 0;
    if (!outgoing->rights && !(outgoing->rights = rights_create()))
        return -ENOMEM;
    struct rights *rights = outgoing->rights;
    if (n > SCM_MAX_FD - rights->count)
        return -EINVAL;
    for (unsigned i = 0; i < n; i++) {
        struct file *file = fdtable_get_ref(table, fds[i]);
        if (!file)
            return -EBADF;
        rights->files[rights->count++] = file;
        rights->has_sockets |= socket_of(file) != NULL;
    }
    return 0;
}

static bool
is_one_of(uint32_t id, const struct cred_ids *ids)
{
    return id == ids->real || id == ids->effective || id == ids->saved;
}

/* Only root says that it is somebody else. */
static int
check_cred(const struct ucred *claim)
{
    const struct cred *cred = cred_current();
    if (!cred_is_root(cred) && (claim->pid != process_current()->pid ||
                                !is_one_of(claim->uid, &cred->uid) ||
                                !is_one_of(claim->gid, &cred->gid)))
        return -EPERM;
    spin_guard(&process_lock);
    return process_find_locked(claim->pid) ? 0 : -ESRCH;
}

static int
read_one(const struct control *c, struct outgoing *outgoing)
{
    size_t len = c->len - sizeof(*c);
    if (c->level != SOL_SOCKET)
        return 0; /* another layer's, of which there is none */
    if (c->type == SCM_RIGHTS)
        return len / sizeof(int) > SCM_MAX_FD
                   ? -EINVAL
                   : read_files((const int *)(c + 1),
                                (unsigned)(len / sizeof(int)), outgoing);
    if (c->type != SCM_CREDENTIALS || len != sizeof(struct ucred))
        return -EINVAL;
    memcpy(&outgoing->cred, c + 1, sizeof(outgoing->cred));
    return check_cred(&outgoing->cred);
}

int
control_read(uint64_t user, size_t len, struct outgoing *outgoing)
{
    if (len > CONTROL_MAX)
        return -ENOBUFS;
    char *all = kmalloc(len + 1);
    if (!all)
        return -ENOMEM;
    int err = uaccess_read(all, uaddr(user), len) != 0 ? -EFAULT : 0;
    size_t at = 0;
    while (!err && len - MIN(at, len) >= sizeof(struct control)) {
        const struct control *c = (const struct control *)(all + at);
        if (c->len < sizeof(*c) || c->len > len - at)
            err = -EINVAL;
        else
            err = read_one(c, outgoing);
        at += ALIGN_UP(c->len, sizeof(uint64_t));
    }
    kfree(all);
    return err;
}

/* ---- Receiving ---- */

/* Where the next control message goes. */
struct control_out {
    uint64_t at;
    size_t left;
};

static int
write_header(const struct control_out *out, int type, size_t len)
{
    struct control c = {
        .len = sizeof(c) + len, .level = SOL_SOCKET, .type = type};
    return uaccess_write(uaddr(out->at), &c, sizeof(c));
}

static void
advance(struct control_out *out, size_t len)
{
    len = MIN(ALIGN_UP(sizeof(struct control) + len, sizeof(uint64_t)),
              out->left);
    out->at += len;
    out->left -= len;
}

/* Credentials may be cut [cmsg(3)]. */
static int
write_cred(struct control_out *out, struct incoming *incoming)
{
    const struct ucred *cred = &incoming->cred;
    if (out->left < sizeof(struct control)) {
        incoming->answers |= MSG_CTRUNC;
        return 0;
    }
    size_t len = MIN(sizeof(*cred), out->left - sizeof(struct control));
    if (len < sizeof(*cred))
        incoming->answers |= MSG_CTRUNC;
    int err = write_header(out, SCM_CREDENTIALS, len);
    if (!err)
        err = uaccess_write(uaddr(out->at + sizeof(struct control)), cred, len);
    if (!err)
        advance(out, len);
    return err;
}

/* Gives a file a descriptor whose number goes to user space. */
static int
install_file(struct file *file, uint64_t user, bool cloexec)
{
    struct fdtable *table = process_current()->fdtable;
    int fd = fdtable_install(table, file_ref(file), 0, cloexec);
    int err = MIN(fd, 0);
    if (!err)
        err = uaccess_write(uaddr(user), &fd, sizeof(fd));
    if (err && fd >= 0)
        (void)!fdtable_close(table, fd);
    return err;
}

static int
write_files(struct control_out *out, bool cloexec, struct incoming *incoming)
{
    const struct rights *rights = incoming->rights;
    size_t room = out->left < sizeof(struct control)
                      ? 0
                      : (out->left - sizeof(struct control)) / sizeof(int);
    uint64_t to = out->at + sizeof(struct control);
    unsigned n = 0;
    while (n < MIN(rights->count, room) &&
           install_file(rights->files[n], to + n * sizeof(int), cloexec) == 0)
        n++;
    if (n < rights->count)
        incoming->answers |= MSG_CTRUNC;
    if (n == 0)
        return 0;
    int err = write_header(out, SCM_RIGHTS, n * sizeof(int));
    if (!err)
        advance(out, n * sizeof(int));
    return err;
}

int
control_write(uint64_t user, size_t *len, bool has_cred, bool cloexec,
              struct incoming *incoming)
{
    struct control_out out = {user, *len};
    int err = has_cred ? write_cred(&out, incoming) : 0;
    if (!err && incoming->rights)
        err = write_files(&out, cloexec, incoming);
    *len = out.at - user;
    return err;
}
