#include "dev/trace_rings.h"
#include "dev/platform.h"
#include "lib/bits.h"
#include "mm/frame.h"
#include "sync/spinlock.h"
#include "trace/ring.h"

/* All rings get this part of the memory, within limits for each: a boot with
 * everything traced fits. */
#define PART     32u
#define RING_MIN (64u << 10)
#define RING_MAX (2u << 20)

static struct spinlock rings_lock = SPINLOCK_INIT("trace rings", RANK_DEVICE);
static unsigned given; /* guarded by rings_lock */

int
trace_rings_need(void)
{
    const struct platform *platform = platform_get();
    unsigned harts = MIN(platform->nharts, (unsigned)CPU_MAX);
    uint64_t part = platform->memory_size / PART / harts;
    uint64_t bytes = MIN(MAX(part, RING_MIN), RING_MAX);
    unsigned order = bit_log2_floor64(bytes / PAGE_SIZE);

    spin_guard(&rings_lock);
    for (; given < harts; given++) {
        void *memory = frame_alloc(order);
        if (!memory)
            return -ENOMEM;
        trace_give(given, memory, (uint32_t)(PAGE_SIZE << order));
    }
    return 0;
}
