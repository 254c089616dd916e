#include "fs/procfs.h"
#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/stat.h"
#include "arch/layout.h"
#include "dev/tty.h"
#include "dev/uart.h"
#include "fs/mount.h"
#include "lib/fmt.h"
#include "mm/slab.h"
#include "proc/process.h"

/* Ticks of a second in /proc, as sysconf(_SC_CLK_TCK) has it. */
#define TICKS_HZ    100u
#define NS_PER_TICK (1000000000u / TICKS_HZ)

#define CONSOLE_RDEV ((unsigned)MAKEDEV(5, 1))

static int
get_info(uint64_t pid, struct process_info *info)
{
    struct process *process = process_find((int)pid);
    if (!process)
        return -ESRCH;
    process_get_info(process, info);
    process_put(process);
    return 0;
}

/* The 52 columns of proc(5); what is not kept is 0. */
int
procfs_show_stat(struct text_buf *out, uint64_t pid)
{
    struct process_info info;
    int err = get_info(pid, &info);
    if (err)
        return err;

    struct tty *tty = uart_tty();
    bool on_tty = tty && tty_session(tty) == info.sid;
    text_printf(out, "%d (%s) %c %d %d %d ", info.pid, info.name, info.state,
                info.ppid, info.pgid, info.sid);
    text_printf(out, "%u -1 0 0 0 0 0 ", on_tty ? CONSOLE_RDEV : 0);
    text_printf(out, "%lu 0 0 0 20 0 %u 0 %lu %lu %lu ",
                info.run_ns / NS_PER_TICK, info.threads,
                info.start_ns / NS_PER_TICK, info.size,
                info.resident / PAGE_SIZE);
    return text_printf(out,
                       "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 %u "
                       "0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                       info.cpu);
}

int
procfs_show_statm(struct text_buf *out, uint64_t pid)
{
    struct process_info info;
    int err = get_info(pid, &info);
    if (err)
        return err;
    return text_printf(out, "%lu %lu 0 0 0 0 0\n", info.size / PAGE_SIZE,
                       info.resident / PAGE_SIZE);
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

int
procfs_show_status(struct text_buf *out, uint64_t pid)
{
    struct process_info info;
    int err = get_info(pid, &info);
    if (err)
        return err;
    text_printf(out, "Name:\t%s\nState:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\n",
                info.name, state_name(info.state), info.pid, info.pid,
                info.ppid);
    text_printf(out, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
    if (info.state != 'Z')
        text_printf(out, "VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\n",
                    info.size / 1024, info.resident / 1024);
    return text_printf(out, "Threads:\t%u\n", info.threads);
}

int
procfs_show_comm(struct text_buf *out, uint64_t pid)
{
    struct process_info info;
    int err = get_info(pid, &info);
    return err ? err : text_printf(out, "%s\n", info.name);
}

int
procfs_show_cmdline(struct text_buf *out, uint64_t pid)
{
    struct process *process = process_find((int)pid);
    int err = 0;
    if (!process)
        return -ESRCH;
    spin_lock(&process_lock);
    if (process->state == PROCESS_ALIVE && process->cmdline)
        err = text_put(out, process->cmdline, process->cmdline_len);
    spin_unlock(&process_lock);
    process_put(process);
    return err;
}

/* The working directory of a process, with a reference; NULL if the process
 * has none any more. */
static struct dentry *
cwd_of(uint64_t pid)
{
    struct dentry *cwd = NULL;
    struct process *process = process_find((int)pid);
    if (!process)
        return NULL;
    spin_lock(&process_lock);
    if (process->fs)
        cwd = fs_context_get_cwd(process->fs);
    spin_unlock(&process_lock);
    process_put(process);
    return cwd;
}

int
procfs_show_cwd(struct text_buf *out, uint64_t pid)
{
    struct dentry *cwd = cwd_of(pid);
    if (!cwd)
        return -ENOENT;
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

const struct pseudo_kind procfs_pids = {.next = next_pid, .find = find_pid};
