#include "dev/rtc.h"
#include "arch/clock.h"
#include "arch/mmio.h"
#include "dev/platform.h"
#include "lib/print.h"
#include "mm/kmap.h"

/* Registers of google,goldfish-rtc: the time in nanoseconds since 1970, in
 * two halves. Reading the low one latches the high one. */
#define TIME_LOW      0x00u
#define TIME_HIGH     0x04u
#define RTC_REGS_SIZE 0x24u

#define NS_PER_S 1000000000ul

/* constant after init: wall clock minus monotonic clock */
static int64_t offset_ns;

/* "2026-11-22 23:40 UTC". Years are counted from March, so that the leap day
 * is a year's last; then every 400 years are alike. */
static void
print_time(uint64_t s)
{
    uint64_t days = s / 86400 + 719468; /* since 0000-03-01 */
    uint64_t era = days / 146097, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t of_year = day - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153; /* 0: March */
    print_boot("rtc", "goldfish, %lu-%02lu-%02lu %02lu:%02lu UTC",
               era * 400 + year + (month >= 10), (month + 2) % 12 + 1,
               of_year - (153 * month + 2) / 5 + 1, s / 3600 % 24, s / 60 % 60);
}

int64_t
rtc_offset_ns(void)
{
    return offset_ns;
}

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
    if (rtc->present && rtc->regs.size >= RTC_REGS_SIZE)
        regs = kmap_device(rtc->regs.base, RTC_REGS_SIZE);
    if (!regs) {
        print_boot("rtc", "none, time starts at 1970");
        return;
    }
    uint64_t low = mmio_read32(regs + TIME_LOW);
    uint64_t high = mmio_read32(regs + TIME_HIGH);
    uint64_t now = high << 32 | low;
    offset_ns = (int64_t)(now - clock_now_ns());
    print_time(now / NS_PER_S);
}
