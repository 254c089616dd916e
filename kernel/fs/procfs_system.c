#include "fs/procfs.h"

#include "abi/stat.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "dev/blockdev.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "dev/rtc.h"
#include "fs/bcache.h"
#include "fs/devfs.h"
#include "fs/mount.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/process.h"
#include "proc/sched.h"

#ifndef UMBRA_RELEASE
#define UMBRA_RELEASE "0.1.0"
#endif

#define NS_PER_SEC  1000000000u
#define NS_PER_TICK 10000000u /* of USER_HZ = 100 */

static uint64_t
busy_ns_total(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < cpu_count(); i++)
        sum += sched_busy_ns(i);
    return sum;
}

static uint64_t
idle_ns(uint64_t now, uint64_t busy)
{
    return now > busy ? now - busy : 0;
}

static int
show_uptime(struct text_buf *out, void *arg UNUSED)
{
    uint64_t now = clock_now_ns();
    uint64_t idle = idle_ns(now * cpu_count(), busy_ns_total());

    text_printf(out, "%lu.%02lu %lu.%02lu\n", (unsigned long)(now / NS_PER_SEC),
                (unsigned long)(now % NS_PER_SEC / NS_PER_TICK),
                (unsigned long)(idle / NS_PER_SEC),
                (unsigned long)(idle % NS_PER_SEC / NS_PER_TICK));
    return 0;
}

/* No averages are kept: the number runnable now stands for them. */
static int
show_loadavg(struct text_buf *out, void *arg UNUSED)
{
    unsigned runnable = sched_runnable();
    int last = 0;

    struct process *process;
    while ((process = process_next(last))) {
        last = process->pid;
        process_put(process);
    }
    text_printf(out, "%u.00 %u.00 %u.00 %u/%lu %d\n", runnable, runnable,
                runnable, runnable, (unsigned long)process_count(), last);
    return 0;
}

static void
put_kib(struct text_buf *out, const char *name, uint64_t bytes)
{
    size_t pad = 16 - MIN(strlen(name) + 1, (size_t)16);
    text_printf(out, "%s:%*s%8lu kB\n", name, (int)pad, "",
                (unsigned long)(bytes / 1024));
}

static int
show_meminfo(struct text_buf *out, void *arg UNUSED)
{
    struct bcache_stats cache;
    bcache_get_stats(&cache);
    uint64_t cached = cache.blocks * (uint64_t)BLOCK_SIZE;
    uint64_t free = frame_count_free() * (uint64_t)PAGE_SIZE;

    put_kib(out, "MemTotal", frame_count_total() * (uint64_t)PAGE_SIZE);
    put_kib(out, "MemFree", free);
    put_kib(out, "MemAvailable", free + cached);
    put_kib(out, "Buffers", cached);
    put_kib(out, "Cached", 0);
    put_kib(out, "SwapCached", 0);
    put_kib(out, "SwapTotal", 0);
    put_kib(out, "SwapFree", 0);
    put_kib(out, "Shmem", 0);
    put_kib(out, "SReclaimable", 0);
    return 0;
}

static int
show_version(struct text_buf *out, void *arg UNUSED)
{
    text_printf(out, "Umbra version %s (%s) riscv64\n", UMBRA_RELEASE,
                __VERSION__);
    return 0;
}

static int
show_cmdline(struct text_buf *out, void *arg UNUSED)
{
    text_printf(out, "%s\n", platform_get()->bootargs);
    return 0;
}

static uint64_t
interrupts_on(unsigned cpu)
{
    uint64_t sum = 0;

    for (unsigned irq = 0; irq < IRQ_MAX; irq++)
        sum += irq_count(irq, cpu);
    return sum;
}

static int
show_interrupts(struct text_buf *out, void *arg UNUSED)
{
    text_printf(out, "     ");
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
        text_printf(out, "       CPU%-2u", cpu);
    text_printf(out, "\n");
    for (unsigned irq = 0; irq < IRQ_MAX; irq++) {
        if (!irq_name(irq))
            continue;
        text_printf(out, "%4u:", irq);
        for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
            text_printf(out, " %11lu", (unsigned long)irq_count(irq, cpu));
        text_printf(out, "  %s\n", irq_name(irq));
    }
    return 0;
}

/* All time that is not idle counts as the first column, user time. */
static int
show_stat(struct text_buf *out, void *arg UNUSED)
{
    uint64_t now = clock_now_ns(), busy = busy_ns_total(), interrupts = 0;
    unsigned cpus = cpu_count();

    text_printf(out, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n",
                (unsigned long)(busy / NS_PER_TICK),
                (unsigned long)(idle_ns(now * cpus, busy) / NS_PER_TICK));
    for (unsigned i = 0; i < cpus; i++) {
        busy = sched_busy_ns(i);
        text_printf(out, "cpu%u %lu 0 0 %lu 0 0 0 0 0 0\n", i,
                    (unsigned long)(busy / NS_PER_TICK),
                    (unsigned long)(idle_ns(now, busy) / NS_PER_TICK));
        interrupts += interrupts_on(i);
    }
    int64_t boot = (rtc_now_ns() - (int64_t)now) / NS_PER_SEC;
    text_printf(out, "intr %lu\nctxt %lu\nbtime %ld\n",
                (unsigned long)interrupts, (unsigned long)sched_switches(),
                (long)boot);
    text_printf(out, "processes %lu\nprocs_running %u\nprocs_blocked 0\n",
                (unsigned long)process_count(), sched_runnable());
    return 0;
}

/* The letters and names that Linux prints of an ISA string. */
static void
put_isa(struct text_buf *out, uint32_t isa)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {PLATFORM_ISA_M, "m"},
        {PLATFORM_ISA_A, "a"},
        {PLATFORM_ISA_F, "f"},
        {PLATFORM_ISA_D, "d"},
        {PLATFORM_ISA_C, "c"},
        {PLATFORM_ISA_V, "v"},
        {PLATFORM_ISA_H, "h"},
        {PLATFORM_ISA_ZICBOM, "_zicbom"},
        {PLATFORM_ISA_ZICBOZ, "_zicboz"},
        {PLATFORM_ISA_ZIHINTPAUSE, "_zihintpause"},
        {PLATFORM_ISA_ZAWRS, "_zawrs"},
        {PLATFORM_ISA_ZBA, "_zba"},
        {PLATFORM_ISA_ZBB, "_zbb"},
        {PLATFORM_ISA_ZBS, "_zbs"},
        {PLATFORM_ISA_ZKR, "_zkr"},
        {PLATFORM_ISA_SSTC, "_sstc"},
        {PLATFORM_ISA_SVADU, "_svadu"},
        {PLATFORM_ISA_SVINVAL, "_svinval"},
        {PLATFORM_ISA_SVNAPOT, "_svnapot"},
        {PLATFORM_ISA_SVPBMT, "_svpbmt"},
    };

    text_printf(out, "rv64i");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (isa & names[i].bit)
            text_printf(out, "%s", names[i].name);
    }
}

static int
show_cpuinfo(struct text_buf *out, void *arg UNUSED)
{
    const struct platform *platform = platform_get();

    for (unsigned i = 0; i < cpu_count(); i++) {
        uint64_t id = cpu_get(i)->hartid;
        int index = platform_hart_index(id);
        text_printf(out, "processor\t: %u\nhart\t\t: %lu\n", i,
                    (unsigned long)id);
        if (index != PLATFORM_NONE) {
            const struct platform_hart *hart = &platform->harts[index];
            text_printf(out, "isa\t\t: ");
            put_isa(out, hart->isa);
            text_printf(out, "\nmmu\t\t: sv%u\n", hart->mmu);
        }
        text_printf(out, "\n");
    }
    return 0;
}

static int
show_filesystems(struct text_buf *out, void *arg UNUSED)
{
    text_printf(out, "nodev\tproc\nnodev\tsysfs\nnodev\tdevtmpfs\n"
                     "\teclipsefs\n");
    return 0;
}

static int
show_partitions(struct text_buf *out, void *arg UNUSED)
{
    text_printf(out, "major minor  #blocks  name\n\n");
    for (struct blockdev *dev = blockdev_next(NULL); dev;
         dev = blockdev_next(dev)) {
        uint64_t rdev = devfs_block_rdev(dev);
        text_printf(out, "%4u  %7u %10lu %s\n", (unsigned)MAJOR(rdev),
                    (unsigned)MINOR(rdev),
                    (unsigned long)(dev->sectors * SECTOR_SIZE / 1024),
                    dev->name);
    }
    return 0;
}

static int
show_mounts(struct text_buf *out, void *arg UNUSED)
{
    char path[256];

    for (const struct mount *m = mount_next(NULL); m; m = mount_next(m)) {
        int start = dentry_path(m->root, mount_get_root(), path, sizeof(path));
        text_printf(out, "%s %s %s %s 0 0\n", m->source,
                    start < 0 ? "?" : path + start, m->super->type,
                    m->super->read_only ? "ro" : "rw");
    }
    return 0;
}

int
procfs_add_system(struct pseudo_node *root)
{
    static const struct {
        const char *name;
        int (*show)(struct text_buf *out, void *arg);
    } files[] = {
        {"uptime", show_uptime},
        {"loadavg", show_loadavg},
        {"meminfo", show_meminfo},
        {"version", show_version},
        {"cmdline", show_cmdline},
        {"interrupts", show_interrupts},
        {"stat", show_stat},
        {"cpuinfo", show_cpuinfo},
        {"filesystems", show_filesystems},
        {"partitions", show_partitions},
        {"mounts", show_mounts},
    };

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int err = pseudo_add_file(root, files[i].name, files[i].show, NULL);
        if (err)
            return err;
    }
    return 0;
}
