#include "dev/rtc.h"
#include "arch/clock.h"
#include "arch/mmio.h"
#include "dev/platform.h"
#include "lib/print.h"
#include "mm/kmap.h"

/* Registers of google,goldfish-rtc: the time in nanoseconds since 1970, in
 * two halves. Reading the low one latches the high one. */
#define TIME_LOW  0x00u
#define TIME_HIGH 0x04u
#define REGS_SIZE 0x24u

#define NS_PER_S 1000000000ul

/* constant after init: wall clock minus monotonic clock */
static int64_t offset_ns;

int64_t
rtc_now_ns(void)
{
    return offset_ns + (int64_t)clock_now_ns();
}

void
rtc_init(void)
{
    const struct platform_device *rtc = &platform_get()->rtc;
    const volatile uint8_t *regs = NULL;
    if (rtc->present && rtc->regs.size >= REGS_SIZE)
        regs = kmap_device(rtc->regs.base, REGS_SIZE);
    if (!regs) {
        print_boot("rtc", "none, time starts at 1970");
        return;
    }
    uint64_t low = mmio_read32(regs + TIME_LOW);
    uint64_t high = mmio_read32(regs + TIME_HIGH);
    uint64_t now = high << 32 | low;
    offset_ns = (int64_t)(now - clock_now_ns());
    print_boot("rtc", "goldfish, %lu s since 1970",
               (unsigned long)(now / NS_PER_S));
}
