#include "fs/procfs.h"
#include "abi/stat.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "dev/blockdev.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "dev/rtc.h"
#include "fs/bcache.h"
#include "fs/mount.h"
#include "lib/string.h"
#include "lib/version.h"
#include "mm/frame.h"
#include "proc/process.h"
#include "proc/sched.h"

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
show_uptime(struct text_buf *out, uint64_t id UNUSED)
{
    uint64_t now = clock_now_ns();
    uint64_t idle = idle_ns(now * cpu_count(), busy_ns_total());
    return text_printf(out, "%lu.%02lu %lu.%02lu\n", now / NS_PER_SEC,
                       now % NS_PER_SEC / NS_PER_TICK, idle / NS_PER_SEC,
                       idle % NS_PER_SEC / NS_PER_TICK);
}

/* No averages are kept: the number runnable now stands for them. */
static int
show_loadavg(struct text_buf *out, uint64_t id UNUSED)
{
    unsigned runnable = sched_runnable();
    int last = 0;
    struct process *process;
    while ((process = process_next(last))) {
        last = process->pid;
        process_put(process);
    }
    return text_printf(out, "%u.00 %u.00 %u.00 %u/%zu %d\n", runnable, runnable,
                       runnable, runnable, process_count(), last);
}

static int
show_meminfo(struct text_buf *out, uint64_t id UNUSED)
{
    struct bcache_stats cache;
    bcache_get_stats(&cache);
    size_t cached = cache.blocks * (BLOCK_SIZE / 1024);
    size_t free = frame_count_free() * (PAGE_SIZE / 1024);
    const struct {
        const char *name;
        size_t kib;
    } lines[] = {
        {"MemTotal:", frame_count_total() * (PAGE_SIZE / 1024)},
        {"MemFree:", free},
        {"MemAvailable:", free + cached},
        {"Buffers:", cached},
        {"Cached:", 0},
        {"SwapTotal:", 0},
        {"SwapFree:", 0},
        {"Shmem:", 0},
        {"SReclaimable:", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        text_printf(out, "%-16s%8zu kB\n", lines[i].name, lines[i].kib);
    return 0;
}

static int
show_version(struct text_buf *out, uint64_t id UNUSED)
{
    return text_printf(out, "Linux version %s (Umbra %s, %s) %s\n",
                       VERSION_RELEASE, VERSION_UMBRA, __VERSION__,
                       VERSION_BUILD);
}

static int
show_cmdline(struct text_buf *out, uint64_t id UNUSED)
{
    return text_printf(out, "%s\n", platform_get()->bootargs);
}

static int
show_interrupts(struct text_buf *out, uint64_t id UNUSED)
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
            text_printf(out, " %11lu", irq_count(irq, cpu));
        text_printf(out, "  %s\n", irq_name(irq));
    }
    return 0;
}

/* All time that is not idle counts as the first column, user time. */
static void
put_cpu_times(struct text_buf *out, uint64_t busy, uint64_t idle)
{
    text_printf(out, " %lu 0 0 %lu 0 0 0 0 0 0\n", busy / NS_PER_TICK,
                idle / NS_PER_TICK);
}

static int
show_stat(struct text_buf *out, uint64_t id UNUSED)
{
    uint64_t now = clock_now_ns(), busy = busy_ns_total(), interrupts = 0;
    unsigned cpus = cpu_count();
    text_printf(out, "cpu ");
    put_cpu_times(out, busy, idle_ns(now * cpus, busy));
    for (unsigned i = 0; i < cpus; i++) {
        text_printf(out, "cpu%u", i);
        put_cpu_times(out, sched_busy_ns(i), idle_ns(now, sched_busy_ns(i)));
        for (unsigned irq = 0; irq < IRQ_MAX; irq++)
            interrupts += irq_count(irq, i);
    }
    int64_t boot = (rtc_now_ns() - (int64_t)now) / NS_PER_SEC;
    text_printf(out, "intr %lu\nctxt %lu\nbtime %ld\n", interrupts,
                sched_switches(), boot);
    return text_printf(out,
                       "processes %zu\nprocs_running %u\nprocs_blocked 0\n",
                       process_count(), sched_runnable());
}

static int
show_cpuinfo(struct text_buf *out, uint64_t id UNUSED)
{
    for (unsigned i = 0; i < cpu_count(); i++) {
        uint64_t hartid = cpu_get(i)->hartid;
        const struct platform_hart *hart = platform_hart(hartid);
        text_printf(out, "processor\t: %u\nhart\t\t: %lu\n", i, hartid);
        if (hart)
            text_printf(out, "isa\t\t: %s\nmmu\t\t: %s\n", hart->isa_string,
                        hart->mmu);
        text_printf(out, "\n");
    }
    return 0;
}

static int
show_filesystems(struct text_buf *out, uint64_t id UNUSED)
{
    return text_printf(out, "nodev\tproc\nnodev\tsysfs\nnodev\tdevtmpfs\n"
                            "\teclipsefs\n");
}

static int
show_mounts(struct text_buf *out, uint64_t id UNUSED)
{
    char path[256];
    for (const struct mount *m = mount_next(NULL); m; m = mount_next(m)) {
        const struct super *super = m->root->super;
        int start = dentry_path(m->root, mount_get_root(), path, sizeof(path));
        text_printf(out, "%s%s %s %s %s 0 0\n", super->bdev ? "/dev/" : "",
                    super->bdev ? super->bdev->name : super->type,
                    start < 0 ? "?" : path + start, super->type,
                    super->read_only ? "ro" : "rw");
    }
    return 0;
}

static int
show_self(struct text_buf *out, uint64_t id UNUSED)
{
    return text_printf(out, "%d", process_current()->pid);
}

static int
show_root(struct text_buf *out, uint64_t pid UNUSED)
{
    return text_printf(out, "/");
}

static int
show_mounts_link(struct text_buf *out, uint64_t pid UNUSED)
{
    return text_printf(out, "../mounts");
}

enum { ROOT, PID };

#define DIR  (S_IFDIR | 0555)
#define FILE (S_IFREG | 0444)
#define LINK (S_IFLNK | 0777)

static const struct pseudo_row rows[] = {
    [ROOT] = {ROOT, DIR, "", .kind = NULL},
    [PID] = {ROOT, DIR, "PID", .kind = &procfs_pids},
    {PID, FILE, "stat", .show = procfs_show_stat},
    {PID, FILE, "statm", .show = procfs_show_statm},
    {PID, FILE, "status", .show = procfs_show_status},
    {PID, FILE, "comm", .show = procfs_show_comm},
    {PID, FILE, "cmdline", .show = procfs_show_cmdline},
    {PID, LINK, "cwd", .show = procfs_show_cwd},
    {PID, LINK, "root", .show = show_root},
    {PID, LINK, "mounts", .show = show_mounts_link},
    {ROOT, LINK, "self", .show = show_self},
    {ROOT, FILE, "uptime", .show = show_uptime},
    {ROOT, FILE, "loadavg", .show = show_loadavg},
    {ROOT, FILE, "meminfo", .show = show_meminfo},
    {ROOT, FILE, "version", .show = show_version},
    {ROOT, FILE, "cmdline", .show = show_cmdline},
    {ROOT, FILE, "interrupts", .show = show_interrupts},
    {ROOT, FILE, "stat", .show = show_stat},
    {ROOT, FILE, "cpuinfo", .show = show_cpuinfo},
    {ROOT, FILE, "filesystems", .show = show_filesystems},
    {ROOT, FILE, "mounts", .show = show_mounts},
    {.name = NULL},
};

struct super procfs =
    PSEUDO_SUPER("proc", 0x9fa0, rows, .volatile_names = true);
