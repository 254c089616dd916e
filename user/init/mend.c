#include "mend.h"
#include "log.h"
#include "abi/eclipsefs.h"
#include <errno.h>
#include <fcntl.h>
#include <prog.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What fsck.eclipsefs ends with, as fsck(8) has it. */
enum { FSCK_SOUND = 0, FSCK_MENDED = 1 };

/* Both headers, as they stand at the beginning of a disk. */
struct headers {
    struct eclipsefs_header plain;
    char gap[EFSX_OFFSET - sizeof(struct eclipsefs_header)];
    struct efsx_header extended;
};

/* False: there is no extended eclipsefs on the device. */
static bool
read_headers(const char *device, struct headers *h)
{
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t n = pread(fd, h, sizeof(*h), 0);

    if (fd >= 0)
        close(fd);
    return n == sizeof(*h) && memcmp(h->extended.magic, EFSX_MAGIC,
                                     sizeof(h->extended.magic)) == 0;
}

bool
mend_is_due(const char *device)
{
    struct headers h;

    return read_headers(device, &h) && (h.extended.state[0] & EFSX_ERRORS);
}

/* A disk that was never mended was checked last when it was made. */
bool
mend_was_in_vain(const char *device)
{
    struct headers h;
    uint32_t mounts;

    if (!read_headers(device, &h) ||
        memcmp(h.plain.last_check, h.plain.creation_time,
               sizeof(h.plain.last_check)) == 0)
        return false;
    memcpy(&mounts, h.extended.mount_count, sizeof(mounts));
    return mounts <= 1;
}

const char *
mend(const char *device)
{
    static char why[64];
    char *argv[] = {"fsck.eclipsefs", "-y", (char *)device, NULL};

    log_error("%s is damaged: fsck.eclipsefs -y", device);
    int status = prog_run(argv);
    if (status != FSCK_SOUND && status != FSCK_MENDED) {
        snprintf(why, sizeof(why), "fsck.eclipsefs ended with status %d",
                 status);
        return why;
    }
    return mend_is_due(device) ? "it says that it is damaged, still" : NULL;
}
