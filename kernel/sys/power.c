#include "sys/power.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/mmio.h"
#include "arch/sbi.h"
#include "dev/platform.h"
#include "lib/print.h"
#include "mm/kmap.h"

/* What sifive,test0 is told: a failure, with the status in the high half. */
#define FINISHER_FAIL 0x3333u

/* The test finisher's one register, constant after init; NULL: none. */
static volatile void *finisher;

void
power_init(void)
{
    const struct platform_device *device = &platform_get()->finisher;
    if (device->present && device->regs.size >= sizeof(uint32_t))
        finisher = kmap_device(device->regs.base, sizeof(uint32_t));
}

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
    /* A shutdown through SBI cannot carry a number [sbi §10.1]. A failing
     * status never turns into 0. */
    if (status != 0 && finisher) {
        unsigned code = status & 0xff ? status & 0xff : 1;
        mmio_write32(finisher, FINISHER_FAIL | code << 16);
        clock_delay_us(100000);
    }
    sbi_shutdown(status != 0);
    stay("power off");
}

void
power_reboot(void)
{
    sbi_reboot();
    stay("reboot");
}
