#include "sys/vdso.h"
#include "abi/mman.h"
#include "arch/clock.h"
#include "arch/vdso.h"
#include "dev/rtc.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/object.h"
#include "mm/space.h"

static struct object vdso;
static void *page; /* constant after vdso_init */

static int
get_page(void *handle UNUSED, uint64_t index, bool write UNUSED, void **frame)
{
    if (index != 0)
        return -ENXIO;
    frame_ref(page);
    *frame = page;
    return 0;
}

/* It is there for ever. */
static void
keep(void *handle UNUSED)
{
}

void
vdso_init(void)
{
    static const struct object_ops ops = {
        .get_page = get_page, .ref = keep, .unref = keep};
    struct vdso_data data = {.wall_clock_ns = rtc_offset_ns()};
    page = frame_alloc_zeroed(0);
    if (!page)
        panic("no memory for the vDSO");
    clock_get_base(&data.boot_ticks, &data.hz);
    memcpy(page, vdso_start, (size_t)(vdso_end - vdso_start));
    memcpy((char *)page + vdso_data_at, &data, sizeof(data));
    object_init(&vdso, &ops);
}

/* Who writes to it, after mprotect, gets a copy. */
int
vdso_map(struct space *space)
{
    struct area area = {.start = VDSO_BASE,
                        .end = VDSO_BASE + PAGE_SIZE,
                        .prot = PROT_READ | PROT_EXEC,
                        .object = &vdso,
                        .handle = page};
    return space_map(space, &area, SPACE_REPLACE);
}
