#include "fs/procfs_system.h"
#include "abi/stat.h"
#include "arch/clock.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "dev/random.h"
#include "dev/rtc.h"
#include "fs/bcache.h"
#include "fs/devfs.h"
#include "fs/mount.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/load.h"
#include "proc/process.h"
#include "proc/sched.h"
#include "proc/uts.h"

#define NS_PER_SEC  1000000000u
#define NS_PER_TICK 10000000u /* of USER_HZ = 100 */

static struct sched_stats
total_stats(void)
{
    struct sched_stats sum = {0};
    for (unsigned i = 0; i < cpu_count(); i++)
        sched_add_stats(i, &sum);
    return sum;
}

static uint64_t
idle_ns(uint64_t now, uint64_t busy)
{
    return now > busy ? now - busy : 0;
}

int
proc_show_uptime(struct text *out)
{
    uint64_t now = clock_now_ns();
    uint64_t idle = idle_ns(now * cpu_count(), total_stats().busy_ns);
    return text_printf(out, "%lu.%02lu %lu.%02lu\n", now / NS_PER_SEC,
                       now % NS_PER_SEC / NS_PER_TICK, idle / NS_PER_SEC,
                       idle % NS_PER_SEC / NS_PER_TICK);
}

int
proc_show_loadavg(struct text *out)
{
    unsigned load[LOAD_COUNT];
    load_get(load);
    spin_lock(&process_lock);
    int last = list_entry(process_list.prev, struct process, all_node)->pid;
    spin_unlock(&process_lock);
    for (unsigned i = 0; i < LOAD_COUNT; i++)
        text_printf(out, "%u.%02u ", load[i] / 100, load[i] % 100);
    return text_printf(out, "%u/%zu %d\n", total_stats().runnable,
                       process_count(), last);
}

int
proc_show_meminfo(struct text *out)
{
    struct bcache_stats stats;
    bcache_get_stats(&stats);
    size_t cached = stats.blocks * (BLOCK_SIZE / 1024);
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
        {"Dirty:", stats.dirty * (BLOCK_SIZE / 1024)},
        {"Shmem:", 0},
        {"SReclaimable:", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        text_printf(out, "%-16s%8zu kB\n", lines[i].name, lines[i].kib);
    return 0;
}

int
proc_show_cmdline(struct text *out)
{
    return text_printf(out, "%s\n", platform_get()->bootargs);
}

int
proc_show_interrupts(struct text *out)
{
    text_printf(out, "     ");
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
        text_printf(out, "       CPU%-2u", cpu);
    text_printf(out, "\n");
    for (unsigned irq = 0; irq < IRQ_MAX; irq++) {
        const struct irq_handler *handler = irq_handler(irq);
        if (!handler)
            continue;
        text_printf(out, "%4u:", irq);
        for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
            text_printf(out, " %11lu", READ_ONCE(handler->counts[cpu]));
        text_printf(out, "  %s\n", handler->name);
    }
    return 0;
}

/* All time that is not idle counts as the first column, user time. */
static void
put_cpu_times(struct text *out, uint64_t busy, uint64_t passed)
{
    text_printf(out, " %lu 0 0 %lu 0 0 0 0 0 0\n", busy / NS_PER_TICK,
                idle_ns(passed, busy) / NS_PER_TICK);
}

int
proc_show_stat(struct text *out)
{
    uint64_t now = clock_now_ns(), interrupts = 0;
    unsigned cpus = cpu_count();
    struct sched_stats all = total_stats();
    text_printf(out, "cpu ");
    put_cpu_times(out, all.busy_ns, now * cpus);
    for (unsigned i = 0; i < cpus; i++) {
        struct sched_stats one = {0};
        sched_add_stats(i, &one);
        text_printf(out, "cpu%u", i);
        put_cpu_times(out, one.busy_ns, now);
        for (unsigned irq = 0; irq < IRQ_MAX; irq++)
            if (irq_handler(irq))
                interrupts += READ_ONCE(irq_handler(irq)->counts[i]);
    }
    int64_t boot = (rtc_now_ns() - (int64_t)now) / NS_PER_SEC;
    return text_printf(out,
                       "intr %lu\nctxt %lu\nbtime %ld\nprocesses %zu\n"
                       "procs_running %u\nprocs_blocked 0\n",
                       interrupts, all.switches, boot, process_count(),
                       all.runnable);
}

int
proc_show_cpuinfo(struct text *out)
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

/* A path in the list of mounts: what would end a field is written in octal. */
static void
put_mount_path(struct text *out, const char *path)
{
    for (; *path; path++)
        if (strchr(" \t\n\\", *path))
            text_printf(out, "\\%d%d%d", *path >> 6, *path >> 3 & 7, *path & 7);
        else
            text_put(out, path, 1);
}

/* Mounts are numbered in their order, from 1. */
static unsigned
mount_number(const struct super *wanted)
{
    unsigned n = 1;
    for (const struct super *super = mount_next(NULL); super != wanted;
         super = mount_next(super))
        n++;
    return n;
}

static void
put_source(struct text *out, const struct super *super)
{
    text_printf(out, "%s%s ", super->bdev ? "/dev/" : "",
                super->bdev ? super->bdev->name : super->type);
}

static void
put_mount(struct text *out, const struct super *super)
{
    char path[256];
    int start = dentry_path(super->root, mount_get_root(), path, sizeof(path));
    const struct dentry *under = super->root->covered;
    const char *mode = super->read_only ? "ro" : "rw";
    bool info = out->row == PROC_PID_MOUNTINFO;
    if (info)
        text_printf(out, "%u %u %lu:%lu / ", mount_number(super),
                    mount_number(under ? under->super : super),
                    MAJOR(super->dev), MINOR(super->dev));
    else
        put_source(out, super);
    put_mount_path(out, start < 0 ? "?" : path + start);
    if (!info)
        text_printf(out, " %s", super->type);
    text_printf(out, " %s%s", mode, super->no_set_id ? ",nosuid" : "");
    if (info) {
        text_printf(out, " - %s ", super->type);
        put_source(out, super);
    }
    text_printf(out, "%s\n", info ? mode : " 0 0");
}

int
proc_show_mounts(struct text *out)
{
    sleeplock_guard(&mount_lock);
    for (const struct super *super = mount_next(NULL); super;
         super = mount_next(super))
        put_mount(out, super);
    return 0;
}

/* Columns as in /sys/block/NAME/stat (sys/sysfs.c), the flushes left out. */
static void
put_diskstats(struct text *out, const struct blockdev *dev, uint64_t rdev)
{
    text_printf(out, "%4lu %7lu %s %lu 0 %lu 0 %lu 0 %lu 0 0 0 0\n",
                MAJOR(rdev), MINOR(rdev), dev->name, READ_ONCE(dev->reads),
                READ_ONCE(dev->sectors_read), READ_ONCE(dev->writes),
                READ_ONCE(dev->sectors_written));
}

int
proc_show_diskstats(struct text *out)
{
    for (struct blockdev *dev = blockdev_next(NULL); dev;
         dev = blockdev_next(dev))
        put_diskstats(out, dev, devfs_block_rdev(dev));
    return 0;
}

int
proc_show_partitions(struct text *out)
{
    text_printf(out, "major minor  #blocks  name\n\n");
    for (struct blockdev *dev = blockdev_next(NULL); dev;
         dev = blockdev_next(dev)) {
        uint64_t rdev = devfs_block_rdev(dev);
        text_printf(out, "%4lu %8lu %10lu %s\n", MAJOR(rdev), MINOR(rdev),
                    dev->sectors / 2, dev->name);
    }
    return 0;
}

int
proc_show_name(struct text *out)
{
    struct utsname names;
    uts_get(&names);
    return text_printf(out, "%s\n",
                       out->row == PROC_HOSTNAME ? names.nodename
                                                 : names.domainname);
}

/* A UUID of version 4: random, but for six bits [rfc9562 §5.4]. */
static int
put_uuid(struct text *out, const uint8_t random[16])
{
    static const char digits[] = "0123456789abcdef";
    char uuid[37], *to = uuid;
    for (unsigned i = 0; i < 16; i++) {
        uint8_t byte = i == 6   ? (random[i] & 0x0f) | 0x40
                       : i == 8 ? (random[i] & 0x3f) | 0x80
                                : random[i];
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    *to++ = '\n';
    return text_put(out, uuid, (size_t)(to - uuid));
}

int
proc_show_uuid(struct text *out)
{
    static uint8_t of_boot[16];
    static bool is_known;
    uint8_t random[16];
    random_fill(random, sizeof(random));
    if (out->row == PROC_UUID)
        return put_uuid(out, random);
    spin_lock(&process_lock); /* who is first, chooses for all */
    if (!is_known)
        memcpy(of_boot, random, sizeof(random));
    is_known = true;
    spin_unlock(&process_lock);
    return put_uuid(out, of_boot);
}
