#include "filesystems.h"
#include "log.h"
#include "mend.h"
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

/* What the list at path has last for the root; its text is from malloc, for
 * good. False: nothing. */
static bool
find_root(const char *path, struct mount_line *root)
{
    FILE *f = fopen(path, "r");
    struct mount_line m;
    bool found = false;

    while (f && mounts_next(f, &m))
        if (strcmp(m.directory, "/") == 0) {
            root->device = strdup(m.device);
            root->type = strdup(m.type);
            root->options = strdup(m.options);
            found = root->device && root->type && root->options;
        }
    if (f)
        fclose(f);
    return found;
}

/* Whether the root can be written to in the end. */
static bool
make_root_writable(void)
{
    struct mount_line is, wish;

    if (!find_root("/proc/mounts", &is) || !mounts_has_option(is.options, "ro"))
        return true;
    if (find_root("/etc/fstab", &wish) && mounts_has_option(wish.options, "ro"))
        return false;
    if (mount(NULL, "/", NULL, MS_REMOUNT, NULL) == 0)
        return true;
    log_error("/: stays read-only: %s", strerror(errno));
    return false;
}

/* The kernel lets nobody write to a damaged file system. But it may have met
 * the damage since it has the root; and what it has in memory is of the disk
 * as it was before it was mended, so that it has to begin anew. */
static enum filesystems
mend_root(bool may_mend)
{
    struct mount_line root;
    const char *why = "boot without init=single to mend it";

    if (!find_root("/proc/mounts", &root) ||
        strcmp(root.type, "eclipsefs") != 0 || !mend_is_due(root.device))
        return FILESYSTEMS_SOUND;
    if (!mounts_has_option(root.options, "ro"))
        mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
    if (mend_was_in_vain(root.device))
        why = "damaged again, though just mended";
    else if (may_mend)
        why = mend(root.device);
    if (!why) {
        log_error("/: %s is mended: starting anew", root.device);
        return FILESYSTEMS_MENDED;
    }
    log_error("/: %s is only read: %s", root.device, why);
    return FILESYSTEMS_DAMAGED;
}

/* The others that are to be written to. What cannot be mended is mounted, to be
 * read. */
static void
mend_others(void)
{
    FILE *f = fopen("/etc/fstab", "r");
    struct mount_line m;
    const char *why;

    while (f && mounts_next(f, &m))
        if (strcmp(m.type, "eclipsefs") == 0 &&
            !mounts_has_option(m.options, "noauto") &&
            !mounts_has_option(m.options, "ro") &&
            strcmp(m.directory, "/") != 0 && mend_is_due(m.device) &&
            (why = mend(m.device)))
            log_error("%s: %s is damaged: %s", m.directory, m.device, why);
    if (f)
        fclose(f);
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

enum filesystems
filesystems_start(bool may_mend, char *summary, size_t size)
{
    static char *const mount_all[] = {"mount", "-a", NULL};
    enum filesystems result;
    bool writable;

    mount_on("proc", "/proc", 0);
    mount_on("sysfs", "/sys", 0);
    mount_on("devtmpfs", "/dev", 0);
    result = mend_root(may_mend);
    if (result == FILESYSTEMS_MENDED)
        return result;
    writable = result == FILESYSTEMS_SOUND && make_root_writable();
    mount_on("tmpfs", "/run", MS_NOSUID);
    chmod("/run", 0755); /* what is there is what clients believe in */
    if (fstab_has_more()) {
        if (may_mend)
            mend_others();
        if (prog_run(mount_all) != 0)
            log_error("/etc/fstab: not all of it is mounted");
    }
    if (!writable)
        mount_on("tmpfs", "/tmp", MS_NOSUID);
    snprintf(summary, size, "/ is %s", writable ? "read-write" : "read-only");
    return result;
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
