#include <errno.h>
#include <riscv.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

int
uname(struct utsname *to)
{
    return (int)errno_result(riscv_syscall3(SYS_uname, (long)to, 0, 0));
}

int
sysinfo(struct sysinfo *to)
{
    return (int)errno_result(riscv_syscall3(SYS_sysinfo, (long)to, 0, 0));
}

int
reboot(unsigned int command)
{
    return (int)errno_result(riscv_syscall6(SYS_reboot, LINUX_REBOOT_MAGIC1,
                                            LINUX_REBOOT_MAGIC2, command, 0, 0,
                                            0));
}

int
klogctl(int action, char *to, int size)
{
    return (int)errno_result(
        riscv_syscall3(SYS_syslog, action, (long)to, size));
}

int
mount(const char *source, const char *target, const char *type,
      unsigned long flags, const void *data)
{
    return (int)errno_result(riscv_syscall6(SYS_mount, (long)source,
                                            (long)target, (long)type,
                                            (long)flags, (long)data, 0));
}

int
umount2(const char *target, int flags)
{
    return (int)errno_result(
        riscv_syscall3(SYS_umount2, (long)target, flags, 0));
}

int
umount(const char *target)
{
    return umount2(target, 0);
}
