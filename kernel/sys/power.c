#include "sys/power.h"
#include "arch/cpu.h"
#include "arch/sbi.h"
#include "dev/finisher.h"
#include "lib/print.h"

static NORETURN void
stay(const char *wish)
{
    pr_err("the firmware cannot %s; it is safe to turn the machine off", wish);
    for (;;)
        cpu_wait_for_interrupt();
}

void
power_off(unsigned status)
{
    /* A shutdown through SBI cannot carry a number [sbi §10.1]. */
    if (status == 0 || finisher_exit(status) != 0)
        sbi_shutdown(status != 0);
    stay("power off");
}

void
power_reboot(void)
{
    sbi_reboot();
    stay("reboot");
}
