#include "fs/procfs.h"
#include "abi/limits.h"
#include "abi/stat.h"
#include "arch/clock.h"
#include "dev/tty.h"
#include "fs/fdtable.h"
#include "fs/pipe.h"
#include "fs/procfs_system.h"
#include "lib/version.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "proc/filter.h"
#include "proc/sched.h"
#include "proc/usage.h"

#define NS_PER_TICK 10000000u /* of USER_HZ = 100 */

/* The id of what lies in /proc/PID/fd or task: the pid above, and below it the
 * descriptor or thread, counted from 1. */
#define ID_SHIFT 20u
#define ID_MASK  ((1ul << ID_SHIFT) - 1)

/* ---- Processes; an id is a pid ---- */

static uint64_t
next_pid(uint64_t dir UNUSED, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    int next = process_next((int)after);
    snprintf(name, PSEUDO_NAME_MAX, "%d", next);
    return (uint64_t)next;
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
    spin_guard(&process_lock);
    return process_find_locked(pid) ? (uint64_t)pid : 0;
}

/* Who must not look into a process does not own its files either. */
static void
get_owner(uint64_t pid, uint32_t *uid, uint32_t *gid)
{
    spin_guard(&process_lock);
    const struct process *p = process_find_locked((int)pid);
    if (p && !p->cred->is_hidden) {
        *uid = p->cred->uid.effective;
        *gid = p->cred->gid.effective;
    }
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
    int nice = lives ? t->nice : 0;
    text_printf(out, "%d %d %u 0 %lu %lu %lu ", 20 + nice, nice, p->nthreads,
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
    return text_printf(out, "Threads:\t%u\nNoNewPrivs:\t%u\nSeccomp:\t%u\n",
                       p->nthreads, p->cred->no_new_privs,
                       filter_mode(p->cred->filter));
}

static void
put_limit(struct text *out, uint64_t limit)
{
    char number[24] = "unlimited";
    if (limit != RLIM_INFINITY)
        snprintf(number, sizeof(number), "%lu", limit);
    text_printf(out, "%-21s", number);
}

static int
put_limits(struct text *out, const struct process *p) REQUIRES(process_lock)
{
    static const char *const names[RLIMIT_COUNT][2] = {
        {"cpu time", "seconds"},     {"file size", "bytes"},
        {"data size", "bytes"},      {"stack size", "bytes"},
        {"core file size", "bytes"}, {"resident set", "bytes"},
        {"processes", "processes"},  {"open files", "files"},
        {"locked memory", "bytes"},  {"address space", "bytes"},
        {"file locks", "locks"},     {"pending signals", "signals"},
        {"msgqueue size", "bytes"},  {"nice priority", ""},
        {"realtime priority", ""},   {"realtime timeout", "us"},
    };
    int err = text_printf(out, "%-26s%-21s%-21s%-10s\n", "Limit", "Soft Limit",
                          "Hard Limit", "Units");
    for (unsigned i = 0; i < RLIMIT_COUNT; i++) {
        text_printf(out, "Max %-22s", names[i][0]);
        put_limit(out, p->limits[i].soft);
        put_limit(out, p->limits[i].hard);
        err = text_printf(out, "%-10s\n", names[i][1]);
    }
    return err;
}

static int
put_process(struct text *out, const struct process *p) REQUIRES(process_lock)
{
    switch (out->row) {
    case PROC_PID_STAT:
        return put_stat(out, p);
    case PROC_PID_STATM:
        return text_printf(out, "%lu %lu 0 0 0 0 0\n",
                           p->space ? p->space->size / PAGE_SIZE : 0,
                           p->space ? p->space->resident / PAGE_SIZE : 0);
    case PROC_PID_STATUS:
        return put_status(out, p);
    case PROC_PID_LIMITS:
        return put_limits(out, p);
    case PROC_PID_COMM:
        return text_printf(out, "%s\n", p->name);
    case PROC_PID_ENVIRON:
        if (!cred_may_inspect(p))
            return -EACCES;
        return p->state == PROCESS_ALIVE && p->cmdline
                   ? text_put(out, p->cmdline + p->cmdline_len, p->environ_len)
                   : 0;
    default: /* PROC_PID_CMDLINE */
        return p->state == PROCESS_ALIVE && p->cmdline
                   ? text_put(out, p->cmdline, p->cmdline_len)
                   : 0;
    }
}

static int
show_process(struct text *out)
{
    spin_guard(&process_lock);
    const struct process *process = process_find_locked((int)out->id);
    return process ? put_process(out, process) : -ESRCH;
}

/* ---- Descriptors and threads; an id as ID_SHIFT says ---- */

/* Takes a reference to a process's descriptors. Returns whether they may be
 * looked at: who runs may be in the middle of a change, and says when not. */
static bool
try_table(struct process *process, struct fdtable **table)
    REQUIRES(process_lock)
{
    bool *shared = NULL;
    struct thread *thread =
        list_entry(process->threads.next, struct thread, process_node);
    *table = fdtable_watch(process->fdtable, &shared);
    if (!shared)
        return true;
    if (process == process_current())
        *shared = true;
    else if (!sched_set_parked(thread, shared)) {
        __atomic_fetch_or(&thread->arch.work, THREAD_WORK_FILES,
                          __ATOMIC_RELEASE);
        sched_interrupt(thread);
        return false;
    }
    return true;
}

/* The descriptors of a process, with a reference, or NULL: the caller may not
 * look, or there are none. */
static struct fdtable *
table_of(uint64_t pid)
{
    for (;;) {
        struct fdtable *table = NULL;
        spin_lock(&process_lock);
        struct process *p = process_find_locked((int)pid);
        bool done = !p || !p->fdtable || list_is_empty(&p->threads) ||
                    !cred_may_inspect(p) || try_table(p, &table);
        spin_unlock(&process_lock);
        if (done)
            return table;
        fdtable_put(table);
        if (waitq_sleep_alone(clock_now_ns() + 1000000) == -EINTR)
            return NULL;
    }
}

static uint64_t
next_fd(uint64_t pid, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    struct OWNED(fdtable) *table = table_of(pid);
    int fd = table ? fdtable_next(table, (int)(after & ID_MASK) - 1) : -1;
    snprintf(name, PSEUDO_NAME_MAX, "%d", fd);
    return fd < 0 ? 0 : pid << ID_SHIFT | (uint64_t)(fd + 1);
}

static uint64_t
next_task(uint64_t pid, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    uint64_t least = 0;
    spin_guard(&process_lock);
    const struct process *process = process_find_locked((int)pid);
    if (!process)
        return 0;
    list_for_each (const struct thread, t, &process->threads, process_node) {
        uint64_t tid = (uint64_t)t->tid;
        if (tid > (after & ID_MASK) && (least == 0 || tid < least))
            least = tid;
    }
    snprintf(name, PSEUDO_NAME_MAX, "%lu", least);
    return least ? pid << ID_SHIFT | least : 0;
}

static void
get_part_owner(uint64_t id, uint32_t *uid, uint32_t *gid)
{
    get_owner(id >> ID_SHIFT, uid, gid);
}

static const struct pseudo_kind fds = {.next = next_fd,
                                       .get_owner = get_part_owner};
static const struct pseudo_kind tasks = {.next = next_task,
                                         .get_owner = get_part_owner};

/* Of a descriptor: its file with a reference, or NULL. */
static struct file *
get_file(uint64_t id)
{
    struct OWNED(fdtable) *table = table_of(id >> ID_SHIFT);
    return table ? fdtable_get_ref(table, (int)(id & ID_MASK) - 1) : NULL;
}

/* A file without a name is opened again by what it is. */
static int
open_again(struct file *file)
{
    struct OWNED(file) *open = get_file(pseudo_id(file->inode));
    return open ? pipe_open_again(file, open) : -ENOENT;
}

static const struct file_ops fd_ops = {.open = open_again};

/* ---- Links to files ---- */

static int
get_fd_link(uint64_t id, struct dentry **out)
{
    struct OWNED(file) *file = get_file(id);
    if (!file)
        return -ENOENT;
    *out = file->dentry ? dentry_ref(file->dentry) : NULL;
    return 0;
}

static int
get_link(uint64_t id, unsigned row, struct dentry **out)
{
    if (row == PROC_PID_FD)
        return get_fd_link(id, out);
    spin_guard(&process_lock);
    const struct process *process = process_find_locked((int)id);
    if (process && !cred_may_inspect(process))
        return -EACCES;
    if (process && process->fs)
        *out = row == PROC_PID_CWD   ? fs_context_get_cwd(process->fs)
               : row == PROC_PID_EXE ? fs_context_get_exe(process->fs)
                                     : dentry_ref(process->fs->root);
    return *out ? 0 : -ENOENT;
}

/* What a descriptor refers to, if that has no name. */
static int
put_nameless(struct text *out)
{
    struct stat st;
    struct OWNED(file) *file = get_file(out->id);
    if (!file)
        return -ENOENT;
    file_stat(file, &st);
    if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
        return text_printf(out, "anon_inode:[file]");
    return text_printf(out, "%s:[%lu]",
                       S_ISSOCK(st.st_mode) ? "socket" : "pipe", st.st_ino);
}

static int
show_link(struct text *out)
{
    struct OWNED(dentry) *dentry = NULL;
    int err = get_link(out->id, out->row, &dentry);
    if (err)
        return err;
    if (!dentry)
        return put_nameless(out);
    FREED char *buf = kmalloc(PATH_MAX);
    if (!buf)
        return -ENOMEM;
    bool removed = READ_ONCE(dentry->removed);
    int at = dentry_path(dentry, process_current()->fs->root, buf, PATH_MAX);
    if (at >= 0)
        return text_put(out, buf + at, PATH_MAX - 1 - (size_t)at);
    return removed ? text_printf(out, "(deleted)") : at;
}

static int
show_self(struct text *out)
{
    return text_printf(out, "%d", process_current()->pid);
}

static int
show_thread_self(struct text *out)
{
    return text_printf(out, "%d/task/%d", process_current()->pid,
                       thread_current()->tid);
}

int (*procfs_show_sockets)(struct text *out);

static int
show_sockets(struct text *out)
{
    return procfs_show_sockets ? procfs_show_sockets(out) : -ENOENT;
}

#define DIR  (S_IFDIR | 0555)
#define FILE (S_IFREG | 0444)
#define LINK (S_IFLNK | 0777)

#define VERSION_LINE                                                           \
    "Linux version " VERSION_RELEASE " (Umbra " VERSION_UMBRA ", " __VERSION__ \
    ") " VERSION_BUILD "\n"
#define DEVICES                                                     \
    "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n" \
    "\nBlock devices:\n254 virtblk\n"
#define FILESYSTEMS                                                           \
    "nodev\tproc\nnodev\tsysfs\nnodev\tdevtmpfs\nnodev\tdevpts\nnodev\ttmpfs" \
    "\n\teclipsefs\n"

#define PRIVATE (S_IFREG | 0400)
#define PROCESS_FILE(row, file_mode, file_name) \
    [row] = {PROC_PID, file_mode, file_name, .show = show_process}
#define PROCESS_LINK(row, link_name) \
    [row] = {PROC_PID, LINK, link_name, .show = show_link, .get_link = get_link}
#define SYSTEM_FILE(file_name, file_show)             \
    {                                                 \
        PROC_ROOT, FILE, file_name, .show = file_show \
    }

static const struct pseudo_row proc_rows[] = {
    [PROC_ROOT] = {PROC_ROOT, DIR, "", .kind = NULL},
    [PROC_PID] = {PROC_ROOT, DIR, "PID", .kind = &pids},
    PROCESS_FILE(PROC_PID_STAT, FILE, "stat"),
    PROCESS_FILE(PROC_PID_STATM, FILE, "statm"),
    PROCESS_FILE(PROC_PID_STATUS, FILE, "status"),
    PROCESS_FILE(PROC_PID_LIMITS, FILE, "limits"),
    PROCESS_FILE(PROC_PID_COMM, FILE, "comm"),
    PROCESS_FILE(PROC_PID_CMDLINE, FILE, "cmdline"),
    PROCESS_FILE(PROC_PID_ENVIRON, PRIVATE, "environ"),
    PROCESS_LINK(PROC_PID_CWD, "cwd"),
    PROCESS_LINK(PROC_PID_EXE, "exe"),
    PROCESS_LINK(PROC_PID_ROOT, "root"),
    [PROC_PID_FDS] = {PROC_PID, S_IFDIR | 0500, "fd", .kind = NULL},
    [PROC_PID_FD] = {PROC_PID_FDS, S_IFLNK | 0700, "FD", &fds,
                     .show = show_link, .get_link = get_link,
                     .file_ops = &fd_ops, .rdev = 0},
    [PROC_PID_TASKS] = {PROC_PID, DIR, "task", .kind = NULL},
    [PROC_PID_TASK] = {PROC_PID_TASKS, DIR, "TID", .kind = &tasks},
    [PROC_PID_MOUNTINFO] = {PROC_PID, FILE, "mountinfo",
                            .show = proc_show_mounts},
    [PROC_SYS] = {PROC_ROOT, DIR, "sys", .kind = NULL},
    [PROC_KERNEL] = {PROC_SYS, DIR, "kernel", .kind = NULL},
    [PROC_RANDOM] = {PROC_KERNEL, DIR, "random", .kind = NULL},
    [PROC_HOSTNAME] = {PROC_KERNEL, FILE, "hostname", .show = proc_show_name},
    [PROC_DOMAINNAME] = {PROC_KERNEL, FILE, "domainname",
                         .show = proc_show_name},
    [PROC_UUID] = {PROC_RANDOM, FILE, "uuid", .show = proc_show_uuid},
    [PROC_BOOT_ID] = {PROC_RANDOM, FILE, "boot_id", .show = proc_show_uuid},
    [PROC_NET] = {PROC_ROOT, DIR, "net", .kind = NULL},
    {PROC_PID, FILE, "maps", .show = proc_show_maps},
    {PROC_NET, FILE, "unix", .show = show_sockets},
    {PROC_KERNEL, FILE, "ostype", .text = "Umbra\n"},
    {PROC_KERNEL, FILE, "osrelease", .text = VERSION_RELEASE "\n"},
    {PROC_KERNEL, FILE, "version", .text = VERSION_BUILD "\n"},
    {PROC_KERNEL, FILE, "pid_max", .text = "32768\n"},
    {PROC_PID, LINK, "mounts", .text = "../mounts"},
    {PROC_ROOT, LINK, "self", .show = show_self},
    {PROC_ROOT, LINK, "thread-self", .show = show_thread_self},
    {PROC_ROOT, PRIVATE, "trace", .show = proc_show_trace},
    SYSTEM_FILE("uptime", proc_show_uptime),
    SYSTEM_FILE("loadavg", proc_show_loadavg),
    SYSTEM_FILE("meminfo", proc_show_meminfo),
    SYSTEM_FILE("cmdline", proc_show_cmdline),
    SYSTEM_FILE("interrupts", proc_show_interrupts),
    SYSTEM_FILE("stat", proc_show_stat),
    SYSTEM_FILE("cpuinfo", proc_show_cpuinfo),
    SYSTEM_FILE("mounts", proc_show_mounts),
    SYSTEM_FILE("diskstats", proc_show_diskstats),
    SYSTEM_FILE("partitions", proc_show_partitions),
    {PROC_ROOT, FILE, "version", .text = VERSION_LINE},
    {PROC_ROOT, FILE, "filesystems", .text = FILESYSTEMS},
    {PROC_ROOT, FILE, "devices", .text = DEVICES},
    {.name = NULL},
};

struct super procfs =
    PSEUDO_SUPER("proc", 0x9fa0, proc_rows, .volatile_names = true);
