#include "fs/procfs.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/stat.h"
#include "arch/layout.h"
#include "dev/console.h"
#include "dev/tty.h"
#include "fs/context.h"
#include "fs/mount.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/process.h"

/* Ticks of a second in /proc, as sysconf(_SC_CLK_TCK) has it. */
#define TICKS_HZ    100u
#define NS_PER_TICK (1000000000u / TICKS_HZ)

#define CONSOLE_RDEV ((unsigned)MAKEDEV(5, 1))

/* A dynamic inode number holds the pid and an index: 0 for the directory
 * /proc/PID, i + 1 for entry[i] in it. */
#define INDEX_BITS 8u

static uint64_t
make_ino(int pid, unsigned index)
{
    return PSEUDO_DYNAMIC_INO | (uint64_t)pid << INDEX_BITS | index;
}

static int
pid_of(uint64_t ino)
{
    return (int)((ino & (PSEUDO_DYNAMIC_INO - 1)) >> INDEX_BITS);
}

static unsigned
index_of(uint64_t ino)
{
    return ino & ((1u << INDEX_BITS) - 1);
}

static bool
exists(int pid)
{
    struct process *process = process_find(pid);
    if (process)
        process_put(process);
    return process;
}

/* ---- The files of a process; arg is its pid ---- */

static int
get_info(void *arg, struct process_info *info)
{
    struct process *process = process_find((int)(intptr_t)arg);
    if (!process)
        return -ESRCH;
    process_get_info(process, info);
    process_put(process);
    return 0;
}

/* The 52 columns of proc(5); what is not kept is 0. */
static int
show_stat(struct text_buf *out, void *arg)
{
    struct process_info info;
    int err = get_info(arg, &info);
    if (err)
        return err;

    unsigned long ticks = info.run_ns / NS_PER_TICK;
    struct tty *tty = console_tty();
    bool on_tty = tty && tty_session(tty) == info.sid;
    text_printf(out, "%d (%s) %c %d %d %d ", info.pid, info.name, info.state,
                info.ppid, info.pgid, info.sid);
    text_printf(out, "%u %d 0 0 0 0 0 ", on_tty ? CONSOLE_RDEV : 0,
                on_tty ? tty_foreground(tty) : -1);
    text_printf(out, "%lu 0 0 0 20 0 %u 0 %lu %lu %lu ", ticks, info.threads,
                (unsigned long)(info.start_ns / NS_PER_TICK),
                (unsigned long)info.size,
                (unsigned long)(info.resident / PAGE_SIZE));
    text_printf(out,
                "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 %u "
                "0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                info.cpu);
    return 0;
}

static int
show_statm(struct text_buf *out, void *arg)
{
    struct process_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "%lu %lu 0 0 0 0 0\n",
                    (unsigned long)(info.size / PAGE_SIZE),
                    (unsigned long)(info.resident / PAGE_SIZE));
    return err;
}

static const char *
state_name(char state)
{
    switch (state) {
    case 'R':
        return "R (running)";
    case 'T':
        return "T (stopped)";
    case 'Z':
        return "Z (zombie)";
    default:
        return "S (sleeping)";
    }
}

static int
show_status(struct text_buf *out, void *arg)
{
    struct process_info info;
    int err = get_info(arg, &info);
    if (err)
        return err;
    text_printf(out, "Name:\t%s\nUmask:\t0022\nState:\t%s\nTgid:\t%d\n",
                info.name, state_name(info.state), info.pid);
    text_printf(out, "Ngid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", info.pid,
                info.ppid);
    text_printf(out, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t64\n");
    if (info.state != 'Z')
        text_printf(out, "VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\n",
                    (unsigned long)(info.size / 1024),
                    (unsigned long)(info.resident / 1024));
    text_printf(out, "Threads:\t%u\n", info.threads);
    return 0;
}

static int
show_comm(struct text_buf *out, void *arg)
{
    struct process_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "%s\n", info.name);
    return err;
}

static int
show_cmdline(struct text_buf *out, void *arg)
{
    struct process *process = process_find((int)(intptr_t)arg);
    if (!process)
        return -ESRCH;
    spin_lock(&process_lock);
    if (process->state == PROCESS_ALIVE && process->cmdline)
        text_put(out, process->cmdline, process->cmdline_len);
    spin_unlock(&process_lock);
    process_put(process);
    return 0;
}

/* The working directory of a process, with a reference; NULL if the process
 * has none any more. */
static struct dentry *
cwd_of(int pid)
{
    struct dentry *cwd = NULL;
    struct process *process = process_find(pid);
    if (!process)
        return NULL;
    spin_lock(&process_lock);
    if (process->fs)
        cwd = fs_context_get_cwd(process->fs);
    spin_unlock(&process_lock);
    process_put(process);
    return cwd;
}

static int
show_cwd(struct text_buf *out, void *arg)
{
    struct dentry *cwd = cwd_of((int)(intptr_t)arg);
    if (!cwd)
        return -ENOENT;
    int start = -ENOMEM;
    char *buf = kmalloc(PATH_MAX);
    if (buf)
        start = dentry_path(cwd, mount_get_root(), buf, PATH_MAX);
    if (start >= 0)
        text_put(out, buf + start, PATH_MAX - 1 - (size_t)start);
    kfree(buf);
    dentry_put(cwd);
    return MIN(start, 0);
}

static int
show_root(struct text_buf *out, void *arg UNUSED)
{
    text_put(out, "/", 1);
    return 0;
}

static int
show_mounts_link(struct text_buf *out, void *arg UNUSED)
{
    text_printf(out, "../mounts");
    return 0;
}

static const struct {
    const char *name;
    uint32_t mode;
    int (*show)(struct text_buf *out, void *arg);
} entry[] = {
    {"stat", S_IFREG | 0444, show_stat},
    {"statm", S_IFREG | 0444, show_statm},
    {"status", S_IFREG | 0444, show_status},
    {"comm", S_IFREG | 0444, show_comm},
    {"cmdline", S_IFREG | 0444, show_cmdline},
    {"cwd", S_IFLNK | 0777, show_cwd},
    {"root", S_IFLNK | 0777, show_root},
    {"mounts", S_IFLNK | 0777, show_mounts_link},
};

/* ---- The names ---- */

/* The pid that a name spells, or 0. */
static int
parse_pid(const char *name, size_t len)
{
    int pid = 0;

    for (size_t i = 0; i < len; i++) {
        if (name[i] < '0' || name[i] > '9' || pid > 9999999)
            return 0;
        pid = pid * 10 + (name[i] - '0');
        if (pid == 0)
            return 0; /* no leading zeros */
    }
    return pid;
}

static uint64_t
process_lookup(uint64_t dir_ino, const char *name, size_t len)
{
    if (dir_ino < PSEUDO_DYNAMIC_INO) {
        int pid = parse_pid(name, len);
        return pid && exists(pid) ? make_ino(pid, 0) : 0;
    }
    if (index_of(dir_ino) != 0 || !exists(pid_of(dir_ino)))
        return 0;
    for (unsigned i = 0; i < ARRAY_LEN(entry); i++) {
        if (strlen(entry[i].name) == len &&
            memcmp(entry[i].name, name, len) == 0)
            return make_ino(pid_of(dir_ino), i + 1);
    }
    return 0;
}

/* A position in /proc tells the pid it stands before. */
static int
read_pids(uint64_t first_pos, uint64_t *pos, struct dir_sink *sink)
{
    struct process *process;

    while ((process = process_next((int)(*pos - first_pos)))) {
        int pid = process->pid;
        char name[16];
        int len = snprintf(name, sizeof(name), "%d", pid);
        uint64_t next = first_pos + (uint64_t)pid;
        process_put(process);
        if (!sink->entry(sink, name, (size_t)len, make_ino(pid, 0), S_IFDIR,
                         next))
            return 0;
        *pos = next;
    }
    return 0;
}

static int
process_readdir(uint64_t dir_ino, uint64_t first_pos, uint64_t *pos,
                struct dir_sink *sink)
{
    if (dir_ino < PSEUDO_DYNAMIC_INO)
        return read_pids(first_pos, pos, sink);
    if (!exists(pid_of(dir_ino)))
        return -ENOENT;
    for (; *pos - first_pos < ARRAY_LEN(entry); ++*pos) {
        unsigned i = (unsigned)(*pos - first_pos);
        if (!sink->entry(sink, entry[i].name, strlen(entry[i].name),
                         make_ino(pid_of(dir_ino), i + 1), entry[i].mode,
                         *pos + 1))
            return 0;
    }
    return 0;
}

static int
process_describe(uint64_t ino, struct pseudo_content *content)
{
    unsigned index = index_of(ino);

    if (index > ARRAY_LEN(entry))
        return -ENOENT;
    content->arg = (void *)(intptr_t)pid_of(ino);
    content->mode = index ? entry[index - 1].mode : S_IFDIR | 0555;
    content->show = index ? entry[index - 1].show : NULL;
    return 0;
}

const struct pseudo_dynamic procfs_processes = {
    .lookup = process_lookup,
    .readdir = process_readdir,
    .describe = process_describe,
};
