#include "dev/finisher.h"
#include "abi/errno.h"
#include "arch/clock.h"
#include "arch/mmio.h"
#include "dev/platform.h"
#include "mm/kmap.h"

/* What sifive,test0 is told: a verdict in the low half, for a failure the
 * status in the high one. */
#define FINISHER_FAIL 0x3333u
#define FINISHER_PASS 0x5555u

/* constant after init */
static volatile void *reg;

void
finisher_init(void)
{
    const struct platform_device *finisher = &platform_get()->finisher;
    if (finisher->present && finisher->regs.size >= sizeof(uint32_t))
        reg = kmap_device(finisher->regs.base, sizeof(uint32_t));
}

int
finisher_exit(unsigned status)
{
    if (!reg)
        return -ENODEV;
    unsigned code = status & 0xff;
    if (status != 0 && code == 0)
        code = 1;
    mmio_write32(reg, code == 0 ? FINISHER_PASS : FINISHER_FAIL | code << 16);
    clock_delay_us(100000);
    return -EIO;
}
