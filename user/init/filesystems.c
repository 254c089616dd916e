#include "filesystems.h"
#include "log.h"
#include "abi/eclipsefs.h"
#include <errno.h>
#include <fcntl.h>
#include <mounts.h>
#include <prog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_MOUNTS 64

/* Copies, from malloc, of the directories that something is mounted on, the
 * last one on top. Returns how many. */
static size_t
list_mounts(char *directories[], size_t most)
{
    FILE *f = fopen("/proc/mounts", "r");
    struct mount_line m;
    size_t n = 0;

    while (f && n < most && mounts_next(f, &m))
        directories[n++] = strdup(m.directory);
    if (f)
        fclose(f);
    return n;
}

/* ---- Starting ---- */

/* EBUSY: the kernel or an earlier init has done it. */
static void
mount_on(const char *type, const char *directory, unsigned long flags)
{
    if (mount(type, directory, type, flags, NULL) != 0 && errno != EBUSY)
        log_error("%s: %s", directory, strerror(errno));
}

/* The options that the list at path has for the root, in `to`. */
static bool
find_root(const char *path, char *to, size_t size)
{
    FILE *f = fopen(path, "r");
    struct mount_line m;
    bool found = false;

    while (f && mounts_next(f, &m))
        if (strcmp(m.directory, "/") == 0) {
            strlcpy(to, m.options, size);
            found = true;
        }
    if (f)
        fclose(f);
    return found;
}

/* Whether the root can be written to in the end. */
static bool
make_root_writable(void)
{
    char is[128], wish[128];

    if (!find_root("/proc/mounts", is, sizeof(is)) ||
        !mounts_has_option(is, "ro"))
        return true;
    if (find_root("/etc/fstab", wish, sizeof(wish)) &&
        mounts_has_option(wish, "ro"))
        return false;
    if (mount(NULL, "/", NULL, MS_REMOUNT, NULL) == 0)
        return true;
    log_error("/: stays read-only: %s", strerror(errno));
    return false;
}

/* Whether the header of the eclipsefs on a device says that damage was met. */
static bool
is_damaged(const char *device)
{
    struct efsx_header header;
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t n = pread(fd, &header, sizeof(header), EFSX_OFFSET);

    if (fd >= 0)
        close(fd);
    return n == sizeof(header) &&
           memcmp(header.magic, EFSX_MAGIC, sizeof(header.magic)) == 0 &&
           (header.state[0] & EFSX_ERRORS);
}

/* A disk that needs fsck is not written to before it has had it: what is
 * written to a damaged file system may damage more. Returns whether the root is
 * one. */
static bool
protect_damaged(void)
{
    FILE *f = fopen("/proc/mounts", "r");
    struct mount_line m;
    bool root = false;

    while (f && mounts_next(f, &m)) {
        if (strcmp(m.type, "eclipsefs") != 0 || !is_damaged(m.device))
            continue;
        /* Before anything is said: init's log is a file, too. */
        int failed =
            mount(NULL, m.directory, NULL, MS_REMOUNT | MS_RDONLY, NULL);
        log_error("%s: %s is damaged, and %s until fsck.eclipsefs -y has "
                  "mended it",
                  m.directory, m.device,
                  failed ? "should not be written to" : "is only read");
        root |= !failed && strcmp(m.directory, "/") == 0;
    }
    if (f)
        fclose(f);
    return root;
}

/* Whether something is mounted on a directory. */
static bool
is_mounted(const char *directory)
{
    char *directories[MOST_MOUNTS];
    size_t n = list_mounts(directories, MOST_MOUNTS);
    bool found = false;

    while (n-- > 0) {
        found |= directories[n] && strcmp(directories[n], directory) == 0;
        free(directories[n]);
    }
    return found;
}

/* Whether fstab asks for what is not mounted. Mostly it does not, and the boot
 * need not wait for a program to say so. */
static bool
fstab_has_more(void)
{
    char *directories[MOST_MOUNTS];
    FILE *f = fopen("/etc/fstab", "r");
    struct mount_line m;
    size_t n = 0;
    bool more = false;

    while (f && n < MOST_MOUNTS && mounts_next(f, &m))
        if (!mounts_has_option(m.options, "noauto") &&
            strcmp(m.type, "swap") != 0)
            directories[n++] = strdup(m.directory);
    if (f)
        fclose(f);
    while (n-- > 0) {
        more |= directories[n] && !is_mounted(directories[n]);
        free(directories[n]);
    }
    return more;
}

void
filesystems_start(char *summary, size_t size)
{
    static char *const mount_all[] = {"mount", "-a", NULL};
    bool writable;

    mount_on("proc", "/proc", 0);
    mount_on("sysfs", "/sys", 0);
    mount_on("devtmpfs", "/dev", 0);
    writable = make_root_writable();
    mount_on("tmpfs", "/run", MS_NOSUID);
    chmod("/run", 0755); /* what is there is what clients believe in */
    if (fstab_has_more() && prog_run(mount_all) != 0)
        log_error("/etc/fstab: not all of it is mounted");
    if (protect_damaged())
        writable = false;
    if (!writable)
        mount_on("tmpfs", "/tmp", MS_NOSUID);
    snprintf(summary, size, "/ is %s", writable ? "read-write" : "read-only");
}

/* ---- Stopping ---- */

void
filesystems_stop(void)
{
    char *directories[MOST_MOUNTS];
    size_t n;

    sync();
    n = list_mounts(directories, MOST_MOUNTS);
    while (n-- > 0) {
        const char *at = directories[n];
        if (!at || (umount(at) != 0 &&
                    mount(NULL, at, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0 &&
                    errno != EINVAL))
            log_error("%s: %s", at ? at : "memory", strerror(errno));
    }
}
