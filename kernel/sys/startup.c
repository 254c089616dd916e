#include "sys/startup.h"
#include "abi/wait.h"
#include "arch/clock.h"
#include "dev/platform.h"
#include "dev/tty.h"
#include "dev/uart.h"
#include "fs/bcache.h"
#include "fs/devfs.h"
#include "fs/eclipsefs/eclipsefs.h"
#include "fs/fdtable.h"
#include "fs/fs.h"
#include "fs/mount.h"
#include "fs/procfs.h"
#include "fs/tmpfs.h"
#include "fs/writeback.h"
#include "ipc/socket_list.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/race.h"
#include "mm/space.h"
#include "proc/oom.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "sys/exec.h"
#include "sys/power.h"
#include "sys/selftest.h"
#include "sys/sysfs.h"
#include "sys/vdso.h"
#include "virtio/driver.h"

/* Cached blocks given up at a time for a page that a process needs. */
#define SHRINK_BLOCKS 64

/* The recovery init, linked into the image. */
extern const char recovery_elf_start[], recovery_elf_end[];

/* Why the recovery init is to run, shown to its user; "": it is not. */
static char recovery_reason[128];
static bool in_recovery;

/* Where bootarg `count` counts from. */
static uint64_t entry_instret;

/* Copies the value of bootarg `name` to buf; false if there is none. */
static bool
bootarg_copy(const char *name, char *buf, size_t size)
{
    size_t len;
    const char *value = bootarg_find(name, &len);
    if (!value || len == 0 || len >= size)
        return false;
    memcpy(buf, value, len);
    buf[len] = '\0';
    return true;
}

/* The errors a file system or exec gives here, in words. */
static const char *
describe(int error)
{
    static const struct {
        int error;
        const char *text;
    } texts[] = {
        {-ENOENT, "no such file"},
        {-ENOEXEC, "not a program for this machine"},
        {-EACCES, "not an executable file"},
        {-EIO, "the disk does not answer"},
        {-EUCLEAN, "the file system is damaged"},
        {-ENOMEM, "out of memory"},
        {-ELOOP, "too many symbolic links"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].error == error)
            return texts[i].text;
    return "it is not supported";
}

static struct blockdev *
find_root(void)
{
    char name[sizeof(((struct blockdev *)NULL)->name)];
    struct blockdev *dev = NULL;
    if (bootarg_copy("root", name, sizeof(name))) {
        dev = blockdev_find(name);
        if (!dev)
            snprintf(recovery_reason, sizeof(recovery_reason),
                     "there is no disk %s (bootarg root)", name);
        return dev;
    }
    while ((dev = blockdev_next(dev)) != NULL)
        if (eclipsefs_probe(dev))
            return dev;
    snprintf(recovery_reason, sizeof(recovery_reason), "%s",
             blockdev_next(NULL) ? "no disk holds an eclipsefs"
                                 : "there is no disk");
    return NULL;
}

/* Mounts the root file system, or an empty one; then recovery_reason says why.
 */
static void
start_files(void)
{
    struct super *root = NULL;
    struct blockdev *dev = find_root();
    if (dev) {
        int error = eclipsefs_mount(dev, false, &root);
        if (error != 0)
            snprintf(recovery_reason, sizeof(recovery_reason),
                     "%s cannot be mounted: %s", dev->name, describe(error));
        else
            print_boot("root", "%s on %s, %s", root->type, dev->name,
                       root->read_only ? "read-only" : "read-write");
    }
    int error = fs_mount_root(root);
    if (error != 0)
        panic("no tree of files: error %d", -error);
    fs_mount(NULL, "dev", &devfs);
    fs_mount(&devfs, "pts", &devpts);
    fs_mount(NULL, "proc", &procfs);
    fs_mount(NULL, "sys", &sysfs);
    if (mount_get_root()->super->read_only && tmpfs_open(&root) == 0)
        fs_mount(NULL, "tmp", root);
}

/* Runs the recovery init in this process; its first argument is the reason. */
static void
run_recovery(void)
{
    const char *argv[] = {"recovery", recovery_reason, NULL};
    const struct elf_source elf = {
        .memory = recovery_elf_start,
        .size = (size_t)(recovery_elf_end - recovery_elf_start),
    };
    in_recovery = true;
    pr_err("%s; starting the recovery shell", recovery_reason);
    int error = exec_start(argv[0], &elf, argv);
    if (error != 0)
        panic("the recovery init does not start: error %d", -error);
}

static void
run_init(void)
{
    char wish[128] = "/sbin/init";
    size_t len;
    bootarg_copy("init", wish, sizeof(wish));
    /* A word that is no path is for /sbin/init to understand, as `single`. */
    const char *path = wish[0] == '/' ? wish : "/sbin/init";
    const char *argv[] = {path, path == wish ? NULL : wish, NULL};
    int error = exec_start(path, NULL, argv);
    if (error != 0) {
        snprintf(recovery_reason, sizeof(recovery_reason),
                 "%s cannot be run: %s (error %d)", path, describe(error),
                 -error);
        run_recovery();
    } else if (bootarg_find("count", &len)) {
        print_boot("init", "%s, %lu instructions", path,
                   clock_instret() - entry_instret - sched_wfi_instret());
    } else {
        print_boot("init", "%s", path);
    }
}

/* Process 1 has ended. Under `init.exit=poweroff` that is the end of a test,
 * with its status; else somebody has to be process 1. */
static void
init_ended(int status)
{
    char wish[16];
    bool off = bootarg_copy("init.exit", wish, sizeof(wish)) &&
               strcmp(wish, "poweroff") == 0;

    if (off || in_recovery)
        fs_stop_all();
    if (off)
        power_off(WIFEXITED(status) ? (unsigned)WEXITSTATUS(status)
                                    : 128u + (unsigned)WTERMSIG(status));
    if (in_recovery)
        power_off(1);
    snprintf(recovery_reason, sizeof(recovery_reason), "init %s %d",
             WIFEXITED(status) ? "exited with status" : "was ended by signal",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    /* What the old program did to its descriptors and signals is over. */
    fs_release_process(process_current());
    signal_reset();
    if (fs_start_process(process_current()) != 0)
        panic("the recovery init has no files");
    run_recovery();
    trap_return_to_user(trap_user_frame(cpu_thread()));
}

static void
release_process(struct process *process)
{
    if (process->sid == process->pid)
        tty_release_session(process->sid);
    fs_release_process(process);
}

/* Finds memory for a user page: what the block cache keeps can be read again,
 * what a process loses cannot. */
static bool
find_memory(unsigned tries)
{
    if (bcache_shrink(SHRINK_BLOCKS) > 0)
        return true;
    flusher_want(true);
    return oom_find_memory(tries);
}

void
startup(void *instret)
{
    entry_instret = (uint64_t)instret;
    race_start();
    if (uart_start() != 0)
        pr_err("the console has no input");
    fs_init();
    bcache_init(frame_count_total() / 4);
    virtio_mmio_probe();
    flusher_start();
    start_files();
    selftest_run();
    vdso_init();

    process_hooks = (struct process_hooks){
        .clone = fs_clone_process,
        .share = fs_share_process,
        .release = release_process,
        .end_call = fs_end_call,
        .init_ended = init_ended,
    };
    procfs_show_sockets = socket_show_all;
    space_find_memory = find_memory;
    process_become_init();
    if (fs_start_process(process_current()) != 0)
        panic("process 1 has no files");
    if (recovery_reason[0] != '\0')
        run_recovery();
    else
        run_init();
    trap_return_to_user(trap_user_frame(cpu_thread()));
}
