#include <errno.h>
#include <grp.h>
#include <riscv.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
call(long number, long a, long b, long c)
{
    return (int)errno_result(riscv_syscall3(number, a, b, c));
}

uid_t
getuid(void)
{
    return (uid_t)riscv_syscall0(SYS_getuid);
}

uid_t
geteuid(void)
{
    return (uid_t)riscv_syscall0(SYS_geteuid);
}

gid_t
getgid(void)
{
    return (gid_t)riscv_syscall0(SYS_getgid);
}

gid_t
getegid(void)
{
    return (gid_t)riscv_syscall0(SYS_getegid);
}

int
getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    return call(SYS_getresuid, (long)real, (long)effective, (long)saved);
}

int
getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
    return call(SYS_getresgid, (long)real, (long)effective, (long)saved);
}

int
setuid(uid_t uid)
{
    return call(SYS_setuid, uid, 0, 0);
}

int
setgid(gid_t gid)
{
    return call(SYS_setgid, gid, 0, 0);
}

int
seteuid(uid_t uid)
{
    return setresuid((uid_t)-1, uid, (uid_t)-1);
}

int
setegid(gid_t gid)
{
    return setresgid((gid_t)-1, gid, (gid_t)-1);
}

int
setreuid(uid_t real, uid_t effective)
{
    return call(SYS_setreuid, real, effective, 0);
}

int
setregid(gid_t real, gid_t effective)
{
    return call(SYS_setregid, real, effective, 0);
}

int
setresuid(uid_t real, uid_t effective, uid_t saved)
{
    return call(SYS_setresuid, real, effective, saved);
}

int
setresgid(gid_t real, gid_t effective, gid_t saved)
{
    return call(SYS_setresgid, real, effective, saved);
}

int
setfsuid(uid_t uid)
{
    return call(SYS_setfsuid, uid, 0, 0);
}

int
setfsgid(gid_t gid)
{
    return call(SYS_setfsgid, gid, 0, 0);
}

int
getgroups(int room, gid_t *groups)
{
    return call(SYS_getgroups, room, (long)groups, 0);
}

int
setgroups(size_t count, const gid_t *groups)
{
    return call(SYS_setgroups, (long)count, (long)groups, 0);
}
