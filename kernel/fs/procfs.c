#include "fs/procfs.h"
#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/stat.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "dev/blockdev.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "dev/rtc.h"
#include "dev/tty.h"
#include "fs/bcache.h"
#include "fs/mount.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "lib/version.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "proc/cred.h"
#include "proc/process.h"
#include "proc/sched.h"
#include "proc/usage.h"

#define NS_PER_SEC  1000000000u
#define NS_PER_TICK 10000000u /* of USER_HZ = 100 */

enum { ROOT, PID, PID_STAT, PID_STATM, PID_STATUS, PID_COMM, PID_CMDLINE };

/* ---- Processes; an id is a pid ---- */

static uint64_t
next_pid(uint64_t after, char name[PSEUDO_NAME_MAX])
{
    struct process *process = process_next((int)after);
    if (!process)
        return 0;
    int pid = process->pid;
    process_put(process);
    snprintf(name, PSEUDO_NAME_MAX, "%d", pid);
    return (uint64_t)pid;
}

/* The pid that a name spells without leading zeros, if it is in use. */
static uint64_t
find_pid(const char *name)
{
    int pid = 0;
    for (; *name; name++) {
        if (*name < '0' || *name > '9' || pid > 9999999)
            return 0;
        pid = pid * 10 + (*name - '0');
        if (pid == 0)
            return 0;
    }
    struct process *process = process_find(pid);
    if (!process)
        return 0;
    process_put(process);
    return (uint64_t)pid;
}

/* Who must not look into a process does not own its files either. */
static void
get_owner(uint64_t pid, uint32_t *uid, uint32_t *gid)
{
    spin_lock(&process_lock);
    const struct process *p = process_find_locked((int)pid);
    if (p && !p->cred->is_hidden) {
        *uid = p->cred->uid.effective;
        *gid = p->cred->gid.effective;
    }
    spin_unlock(&process_lock);
}

static const struct pseudo_kind pids = {
    .next = next_pid, .find = find_pid, .get_owner = get_owner};

/* The 52 columns of proc(5); what is not kept is 0. */
static int
put_stat(struct text *out, const struct process *p) REQUIRES(process_lock)
{
    struct tty *tty = tty_find_session(p->sid);
    uint64_t rdev = tty ? tty_rdev(tty) : 0;
    if (tty)
        tty_put(tty);
    bool lives = !list_is_empty(&p->threads);
    const struct thread *t =
        list_entry(p->threads.next, struct thread, process_node);
    text_printf(out, "%d (%s) %c %d %d %d ", p->pid, p->name, process_state(p),
                p->parent ? p->parent->pid : 0, p->pgid, p->sid);
    const struct usage own = usage_of_process(p),
                       *theirs = &p->used_by_children;
    text_printf(out, "%u -1 0 %lu %lu %lu %lu ", (unsigned)rdev,
                own.minor_faults, theirs->minor_faults, own.major_faults,
                theirs->major_faults);
    text_printf(out, "%lu %lu %lu %lu ", own.user_ns / NS_PER_TICK,
                (own.run_ns - own.user_ns) / NS_PER_TICK,
                theirs->user_ns / NS_PER_TICK,
                (theirs->run_ns - theirs->user_ns) / NS_PER_TICK);
    text_printf(out, "20 0 %u 0 %lu %lu %lu ", p->nthreads,
                p->start_ns / NS_PER_TICK, p->space ? p->space->size : 0,
                p->space ? p->space->resident / PAGE_SIZE : 0);
    return text_printf(out,
                       "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 %u "
                       "0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                       lives ? t->arch.cpu->index : 0);
}

static void
put_ids(struct text *out, const char *name, const struct cred_ids *ids)
{
    text_printf(out, "%s:\t%u\t%u\t%u\t%u\n", name, ids->real, ids->effective,
                ids->saved, ids->fs);
}

static int
put_status(struct text *out, const struct process *p) REQUIRES(process_lock)
{
    static const char *const states[] = {"R (running)", "T (stopped)",
                                         "Z (zombie)", "S (sleeping)"};
    unsigned i = 0;
    while (i + 1 < ARRAY_LEN(states) && states[i][0] != process_state(p))
        i++;
    text_printf(out, "Name:\t%s\nState:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\n",
                p->name, states[i], p->pid, p->pid,
                p->parent ? p->parent->pid : 0);
    put_ids(out, "Uid", &p->cred->uid);
    put_ids(out, "Gid", &p->cred->gid);
    text_printf(out, "Groups:\t");
    for (unsigned g = 0; g < p->cred->group_count; g++)
        text_printf(out, "%u ", p->cred->groups[g]);
    text_printf(out, "\n");
    if (p->space)
        text_printf(out, "VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\n",
                    p->space->size / 1024, p->space->resident / 1024);
    return text_printf(out, "Threads:\t%u\n", p->nthreads);
}

static int
put_process(struct text *out, const struct process *p) REQUIRES(process_lock)
{
    switch (out->row) {
    case PID_STAT:
        return put_stat(out, p);
    case PID_STATM:
        return text_printf(out, "%lu %lu 0 0 0 0 0\n",
                           p->space ? p->space->size / PAGE_SIZE : 0,
                           p->space ? p->space->resident / PAGE_SIZE : 0);
    case PID_STATUS:
        return put_status(out, p);
    case PID_COMM:
        return text_printf(out, "%s\n", p->name);
    default: /* PID_CMDLINE */
        return p->state == PROCESS_ALIVE && p->cmdline
                   ? text_put(out, p->cmdline, p->cmdline_len)
                   : 0;
    }
}

static int
show_process(struct text *out)
{
    struct process *process = process_find((int)out->id);
    if (!process)
        return -ESRCH;
    spin_lock(&process_lock);
    int err = put_process(out, process);
    spin_unlock(&process_lock);
    process_put(process);
    return err;
}

static int
show_cwd(struct text *out)
{
    struct dentry *cwd = NULL;
    struct process *process = process_find((int)out->id);
    if (!process)
        return -ENOENT;
    spin_lock(&process_lock);
    bool may = cred_may_inspect(process);
    if (process->fs && may)
        cwd = fs_context_get_cwd(process->fs);
    spin_unlock(&process_lock);
    process_put(process);
    if (!cwd)
        return may ? -ENOENT : -EACCES;

    int err = -ENOMEM;
    char *buf = kmalloc(PATH_MAX);
    if (buf)
        err = dentry_path(cwd, mount_get_root(), buf, PATH_MAX);
    if (err >= 0)
        err = text_put(out, buf + err, PATH_MAX - 1 - (size_t)err);
    kfree(buf);
    dentry_put(cwd);
    return err;
}

static int
show_self(struct text *out)
{
    return text_printf(out, "%d", process_current()->pid);
}

/* ---- The machine ---- */

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

static int
show_uptime(struct text *out)
{
    uint64_t now = clock_now_ns();
    uint64_t idle = idle_ns(now * cpu_count(), total_stats().busy_ns);
    return text_printf(out, "%lu.%02lu %lu.%02lu\n", now / NS_PER_SEC,
                       now % NS_PER_SEC / NS_PER_TICK, idle / NS_PER_SEC,
                       idle % NS_PER_SEC / NS_PER_TICK);
}

/* No averages are kept: the number runnable now stands for them. */
static int
show_loadavg(struct text *out)
{
    unsigned runnable = total_stats().runnable;
    spin_lock(&process_lock);
    int last = list_entry(process_list.prev, struct process, all_node)->pid;
    spin_unlock(&process_lock);
    return text_printf(out, "%u.00 %u.00 %u.00 %u/%zu %d\n", runnable, runnable,
                       runnable, runnable, process_count(), last);
}

static int
show_meminfo(struct text *out)
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

static int
show_cmdline(struct text *out)
{
    return text_printf(out, "%s\n", platform_get()->bootargs);
}

static int
show_interrupts(struct text *out)
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

static int
show_stat(struct text *out)
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

static int
show_cpuinfo(struct text *out)
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

static int
show_mounts(struct text *out)
{
    char path[256];
    mount_lock();
    for (const struct super *super = mount_next(NULL); super;
         super = mount_next(super)) {
        int start =
            dentry_path(super->root, mount_get_root(), path, sizeof(path));
        text_printf(out, "%s%s ", super->bdev ? "/dev/" : "",
                    super->bdev ? super->bdev->name : super->type);
        put_mount_path(out, start < 0 ? "?" : path + start);
        text_printf(out, " %s %s%s 0 0\n", super->type,
                    super->read_only ? "ro" : "rw",
                    super->no_set_id ? ",nosuid" : "");
    }
    mount_unlock();
    return 0;
}

#define DIR  (S_IFDIR | 0555)
#define FILE (S_IFREG | 0444)
#define LINK (S_IFLNK | 0777)

#define VERSION_LINE                                                           \
    "Linux version " VERSION_RELEASE " (Umbra " VERSION_UMBRA ", " __VERSION__ \
    ") " VERSION_BUILD "\n"
#define FILESYSTEMS \
    "nodev\tproc\nnodev\tsysfs\nnodev\tdevtmpfs\nnodev\ttmpfs\n\teclipsefs\n"

static const struct pseudo_row proc_rows[] = {
    [ROOT] = {ROOT, DIR, "", .kind = NULL},
    [PID] = {ROOT, DIR, "PID", .kind = &pids},
    [PID_STAT] = {PID, FILE, "stat", .show = show_process},
    [PID_STATM] = {PID, FILE, "statm", .show = show_process},
    [PID_STATUS] = {PID, FILE, "status", .show = show_process},
    [PID_COMM] = {PID, FILE, "comm", .show = show_process},
    [PID_CMDLINE] = {PID, FILE, "cmdline", .show = show_process},
    {PID, LINK, "cwd", .show = show_cwd},
    {PID, LINK, "root", .text = "/"},
    {PID, LINK, "mounts", .text = "../mounts"},
    {ROOT, LINK, "self", .show = show_self},
    {ROOT, FILE, "uptime", .show = show_uptime},
    {ROOT, FILE, "loadavg", .show = show_loadavg},
    {ROOT, FILE, "meminfo", .show = show_meminfo},
    {ROOT, FILE, "version", .text = VERSION_LINE},
    {ROOT, FILE, "cmdline", .show = show_cmdline},
    {ROOT, FILE, "interrupts", .show = show_interrupts},
    {ROOT, FILE, "stat", .show = show_stat},
    {ROOT, FILE, "cpuinfo", .show = show_cpuinfo},
    {ROOT, FILE, "filesystems", .text = FILESYSTEMS},
    {ROOT, FILE, "mounts", .show = show_mounts},
    {.name = NULL},
};

struct super procfs =
    PSEUDO_SUPER("proc", 0x9fa0, proc_rows, .volatile_names = true);
