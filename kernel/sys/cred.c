/* The system calls about users, groups and what they may do. */

#include "lib/string.h"
#include "sys/sys.h"

#define KEEP UINT32_MAX /* as an id that is asked for: it stays */

SYSCALL_IS(getuid, cred_current()->uid.real)
SYSCALL_IS(geteuid, cred_current()->uid.effective)
SYSCALL_IS(getgid, cred_current()->gid.real)
SYSCALL_IS(getegid, cred_current()->gid.effective)

static int
write_ids(const uint64_t arg[6], const struct cred_ids *ids)
{
    const uint32_t values[] = {ids->real, ids->effective, ids->saved};
    int err = 0;
    for (int i = 0; i < 3 && !err; i++)
        err = arg_write(arg[i], &values[i]);
    return err;
}

SYSCALL_IS(getresuid, write_ids(arg, &cred_current()->uid))
SYSCALL_IS(getresgid, write_ids(arg, &cred_current()->gid))

/* ---- Changing ids: each rule gets ids to change, and whether the caller may
 * take on any ---- */

typedef int id_rule(struct cred_ids *ids, const uint32_t wish[3], bool any);

static int
set_one(struct cred_ids *ids, const uint32_t wish[3], bool any)
{
    uint32_t id = wish[0];
    if (id == KEEP)
        return -EINVAL;
    if (any)
        ids->real = ids->saved = id;
    else if (id != ids->real && id != ids->saved)
        return -EPERM;
    ids->effective = id;
    return 0;
}

static int
set_two(struct cred_ids *ids, const uint32_t wish[3], bool any)
{
    const struct cred_ids old = *ids;
    uint32_t real = wish[0] == KEEP ? old.real : wish[0];
    uint32_t effective = wish[1] == KEEP ? old.effective : wish[1];
    if (!any && ((real != old.real && real != old.effective) ||
                 (effective != old.real && effective != old.effective &&
                  effective != old.saved)))
        return -EPERM;
    ids->real = real;
    ids->effective = effective;
    if (wish[0] != KEEP || (wish[1] != KEEP && effective != old.real))
        ids->saved = effective;
    return 0;
}

static int
set_three(struct cred_ids *ids, const uint32_t wish[3], bool any)
{
    const struct cred_ids old = *ids;
    uint32_t *to[] = {&ids->real, &ids->effective, &ids->saved};
    for (int i = 0; i < 3; i++) {
        if (wish[i] == KEEP)
            continue;
        if (!any && wish[i] != old.real && wish[i] != old.effective &&
            wish[i] != old.saved)
            return -EPERM;
        *to[i] = wish[i];
    }
    return 0;
}

/* Takes on the changed copy, or drops it. Returns err. */
static int
finish(struct cred *cred, int err)
{
    if (err)
        cred_put(cred);
    else
        cred_set(cred);
    return err;
}

/* Who has been another may have seen what its user must not see. */
static int
change_ids(const uint64_t arg[6], bool group, id_rule *rule)
{
    const uint32_t wish[3] = {(uint32_t)arg[0], (uint32_t)arg[1],
                              (uint32_t)arg[2]};
    struct cred *cred = cred_copy();
    if (!cred)
        return -ENOMEM;
    struct cred_ids *ids = group ? &cred->gid : &cred->uid;
    const struct cred_ids old = *ids;
    int err = rule(ids, wish, cred_is_root(cred));
    ids->fs = ids->effective;
    cred->is_hidden |= ids->fs != old.fs || ids->effective != old.effective;
    return finish(cred, err);
}

SYSCALL_IS(setuid, change_ids(arg, false, set_one))
SYSCALL_IS(setgid, change_ids(arg, true, set_one))
SYSCALL_IS(setreuid, change_ids(arg, false, set_two))
SYSCALL_IS(setregid, change_ids(arg, true, set_two))
SYSCALL_IS(setresuid, change_ids(arg, false, set_three))
SYSCALL_IS(setresgid, change_ids(arg, true, set_three))

/* Returns the former id, and nothing tells whether it has changed. */
static int64_t
change_fs_id(uint32_t id, bool group)
{
    const struct cred *now = cred_current();
    const struct cred_ids old = group ? now->gid : now->uid;
    bool may = cred_is_root(now) || id == old.real || id == old.effective ||
               id == old.saved;
    struct cred *cred;
    if (id == KEEP || id == old.fs || !may || !(cred = cred_copy()))
        return old.fs;
    *(group ? &cred->gid.fs : &cred->uid.fs) = id;
    cred->is_hidden = true;
    cred_set(cred);
    return old.fs;
}

SYSCALL_IS(setfsuid, change_fs_id((uint32_t)arg[0], false))
SYSCALL_IS(setfsgid, change_fs_id((uint32_t)arg[0], true))

/* ---- Groups ---- */

SYSCALL_DEFINE(getgroups)
{
    const struct cred *cred = cred_current();
    unsigned n = cred->group_count;
    if ((int)arg[0] == 0)
        return n;
    if ((int)arg[0] < (int)n)
        return -EINVAL;
    int err =
        uaccess_write(uaddr(arg[1]), cred->groups, n * sizeof(cred->groups[0]));
    return err ?: (int64_t)n;
}

SYSCALL_DEFINE(setgroups)
{
    unsigned n = (unsigned)arg[0];
    if (!cred_is_root(cred_current()))
        return -EPERM;
    if (n > CRED_GROUPS_MAX)
        return -EINVAL;
    struct cred *cred = cred_copy();
    if (!cred)
        return -ENOMEM;
    cred->group_count = n;
    int err =
        uaccess_read(cred->groups, uaddr(arg[1]), n * sizeof(cred->groups[0]));
    for (unsigned i = 0; i < n && !err; i++)
        if (cred->groups[i] == KEEP)
            err = -EINVAL;
    return finish(cred, err);
}

/* ---- Capabilities: user 0 has all, others none, and nobody gives one up
 * ---- */

/* Reads the header; a version that is not known is answered by the one that
 * is. */
static int
read_header(uint64_t user, struct cap_header *header)
{
    static const uint32_t known = CAP_VERSION_3;
    int err = arg_read(header, user);
    if (!err && header->version == known)
        return header->pid < 0 ? -EINVAL : 0;
    return err ?: arg_write(user, &known) ?: -EINVAL;
}

static void
get_caps(const struct cred *cred, struct cap_data data[2])
{
    const struct cred_ids *uid = &cred->uid;
    for (int i = 0; i < 2; i++) {
        uint32_t all = (uint32_t)(CAP_ALL >> (32 * i));
        data[i] = (struct cap_data){
            .effective = uid->effective == 0 ? all : 0,
            .permitted = uid->real && uid->effective && uid->saved ? 0 : all,
        };
    }
}

SYSCALL_DEFINE(capget)
{
    struct cap_header header;
    struct cap_data data[2];
    int err = read_header(arg[0], &header);
    /* To ask for the version alone is no error. */
    if (err == -EINVAL && header.version != CAP_VERSION_3 && !arg[1])
        return 0;
    if (err)
        return err;
    spin_lock(&process_lock);
    const struct process *p =
        header.pid ? process_find_locked(header.pid) : process_current();
    if (p)
        get_caps(p->cred, data);
    spin_unlock(&process_lock);
    return p ? arg_write(arg[1], &data) : -ESRCH;
}

SYSCALL_DEFINE(capset)
{
    struct cap_header header;
    struct cap_data have[2], wish[2];
    int err = read_header(arg[0], &header) ?: arg_read(&wish, arg[1]);
    if (err)
        return err;
    get_caps(cred_current(), have);
    bool own = header.pid == 0 || header.pid == process_current()->pid;
    return own && memcmp(have, wish, sizeof(have)) == 0 ? 0 : -EPERM;
}
