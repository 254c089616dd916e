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

#define NS_PER_S 1000000000

/* constant after init: wall clock minus monotonic clock */
static int64_t offset_ns;

int64_t
rtc_now_ns(void)
{
    return offset_ns + (int64_t)clock_now_ns();
}

/* Splits days since 1970 into a date of the Gregorian calendar. Years are
 * counted from 1 March, so that the leap day comes last. */
static void
date_of(int64_t days, int *year, int *month, int *day)
{
    int64_t d = days + 719468; /* since 1 March of year 0 */
    int64_t era = d / 146097;  /* of 400 years */
    int64_t of_era = d % 146097;
    int64_t years =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t months = (5 * of_year + 2) / 153; /* since March */
    *day = (int)(of_year - (153 * months + 2) / 5 + 1);
    *month = (int)(months < 10 ? months + 3 : months - 9);
    *year = (int)(era * 400 + years + (*month <= 2));
}

static void
show(const char *source)
{
    int year, month, day;
    int64_t s = rtc_now_ns() / NS_PER_S;
    date_of(s / 86400, &year, &month, &day);
    print_boot("rtc", "%s, %04d-%02d-%02d %02d:%02d:%02d UTC", source, year,
               month, day, (int)(s / 3600 % 24), (int)(s / 60 % 60),
               (int)(s % 60));
}

void
rtc_init(void)
{
    const struct platform_device *rtc = &platform_get()->rtc;
    const volatile uint8_t *regs = NULL;
    if (rtc->present && rtc->regs.size >= REGS_SIZE)
        regs = kmap_device(rtc->regs.base, REGS_SIZE);
    if (!regs) {
        show("no clock, time starts at 1970");
        return;
    }
    uint64_t low = mmio_read32(regs + TIME_LOW);
    uint64_t high = mmio_read32(regs + TIME_HIGH);
    int64_t now = (int64_t)(high << 32 | low);
    if (now < 0) {
        show("no time before 1970, starting there");
        return;
    }
    offset_ns = now - (int64_t)clock_now_ns();
    show("goldfish");
}
