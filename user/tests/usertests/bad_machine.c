/* Calls about the machine and the kernel as a whole. */
#include "usertests.h"

void
bad_machine(void)
{
    bad(EFAULT, uname, NO_PAGE);
    bad(EFAULT, uname, KERNEL_PAGE);
    bad(EFAULT, uname, read_only);
    bad(EFAULT, sysinfo, NO_PAGE);
    bad(EFAULT, sysinfo, KERNEL_PAGE);
    bad(EINVAL, sethostname, "name", -1);
    bad(EINVAL, sethostname, "name", 65);
    bad(EFAULT, sethostname, NO_PAGE, 4);
    bad(EINVAL, setdomainname, "name", 65);
    bad(EFAULT, setdomainname, KERNEL_PAGE, 4);
    bad(EFAULT, getcpu, NO_PAGE, NULL);
    bad(EFAULT, getcpu, NULL, read_only);
    bad(EINVAL, personality, 0x1234);
    bad(EFAULT, riscv_hwprobe, NO_PAGE, 1, 0, NULL, 0);
    bad(EFAULT, riscv_hwprobe, read_only, 1, 0, NULL, 0);
    bad(EINVAL, riscv_hwprobe, buffer, 1, 0, NULL, 0x100);
    bad(EINVAL, riscv_flush_icache, 0, 0, 2);
    bad(EINVAL, membarrier, 0, 1, 0);
    bad(EINVAL, membarrier, 3, 0, 0); /* two at once */
    bad(EINVAL, membarrier, 128, 0, 0);
    bad(EFAULT, getrandom, NO_PAGE, 8, 0);
    bad(EFAULT, getrandom, KERNEL_PAGE, 8, 0);
    bad(EINVAL, getrandom, buffer, 8, 0x100);
    bad(EINVAL, syslog, 77, buffer, 8);
    bad(EFAULT, syslog, 3, NO_PAGE, 8);
    bad(EINVAL, syslog, 3, buffer, -1);
    bad(EINVAL, reboot, 0, 0, 0x4321fedc, NULL);
    bad(EINVAL, reboot, 0xfee1dead, 672274793, 0x77, NULL);
    never_fails(sync);
}
