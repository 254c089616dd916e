#include <unistd.h>
#include <errno.h>
#include <riscv.h>
#include <stdio.h>
#include <sys/syscall.h>

int
linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    return (int)errno_result(riscv_syscall6(SYS_linkat, from_dir, (long)from,
                                            to_dir, (long)to, flags, 0));
}

int
link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
symlinkat(const char *target, int dir, const char *path)
{
    return (int)errno_result(
        riscv_syscall3(SYS_symlinkat, (long)target, dir, (long)path));
}

int
symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}

int
unlinkat(int dir, const char *path, int flags)
{
    return (int)errno_result(
        riscv_syscall3(SYS_unlinkat, dir, (long)path, flags));
}

int
unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
remove(const char *path)
{
    if (unlink(path) == 0)
        return 0;
    return errno == EISDIR ? rmdir(path) : -1;
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to,
          unsigned int flags)
{
    return (int)errno_result(riscv_syscall6(SYS_renameat2, from_dir, (long)from,
                                            to_dir, (long)to, flags, 0));
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return renameat2(from_dir, from, to_dir, to, 0);
}

int
rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}
