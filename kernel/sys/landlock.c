/* landlock_create_ruleset, landlock_add_rule and landlock_restrict_self. */
#include "abi/stat.h"
#include "fs/landlock.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

static void
ruleset_release(struct file *file)
{
    landlock_put(file->private);
}

static const struct file_ops ruleset_ops = {.release = ruleset_release,
                                            .is_stream = true};

static struct landlock *
ruleset_arg(uint64_t fd, int *err)
{
    struct file *file = file_arg(fd);
    if (file && file->ops == &ruleset_ops)
        return file->private;
    *err = file ? -EBADFD : -EBADF;
    return NULL;
}

SYSCALL_DEFINE(landlock_create_ruleset)
{
    struct landlock_ruleset_attr attr;
    if (arg[2] == LANDLOCK_CREATE_RULESET_VERSION && !arg[0] && !arg[1])
        return LANDLOCK_ABI;
    if (arg[2] || arg[1] < sizeof(attr))
        return -EINVAL;
    if (arg[1] > sizeof(attr))
        return -E2BIG;
    if (arg_read(&attr, arg[0]) != 0)
        return -EFAULT;
    if (attr.handled_access_fs & ~(uint64_t)LANDLOCK_ACCESS_FS_ALL)
        return -EINVAL;
    if (!attr.handled_access_fs)
        return -ENOMSG;
    struct landlock *rules = landlock_create((uint32_t)attr.handled_access_fs);
    struct file *file = rules ? file_create(&ruleset_ops, O_RDWR, rules) : NULL;
    if (file)
        return file_install(file, true);
    landlock_put(rules);
    return -ENOMEM;
}

SYSCALL_DEFINE(landlock_add_rule)
{
    struct landlock_path_beneath_attr attr;
    int err = 0;
    struct landlock *rules = ruleset_arg(arg[0], &err);
    if (!rules)
        return err;
    if (arg[3] || arg[1] != LANDLOCK_RULE_PATH_BENEATH)
        return -EINVAL;
    if (arg_read(&attr, arg[2]) != 0)
        return -EFAULT;
    if (!attr.allowed_access)
        return -ENOMSG;
    if (attr.allowed_access > UINT32_MAX)
        return -EINVAL;
    const struct file *at = file_arg((uint64_t)attr.parent_fd);
    if (!at || !at->dentry)
        return at ? -EBADFD : -EBADF;
    if (!S_ISDIR(at->inode->mode) &&
        (attr.allowed_access & ~(uint64_t)LANDLOCK_ACCESS_FS_OF_FILES))
        return -EINVAL;
    return landlock_allow(rules, at->dentry, (uint32_t)attr.allowed_access);
}

/* Who gets more rights by running a program must not be in for surprises. */
SYSCALL_DEFINE(landlock_restrict_self)
{
    const struct cred *cred = cred_current();
    int err = 0;
    if (!cred_is_root(cred) && !cred->no_new_privs)
        return -EPERM;
    if (arg[1])
        return -EINVAL;
    struct landlock *rules = ruleset_arg(arg[0], &err);
    return rules ? landlock_restrict(process_current()->fs, rules) : err;
}
