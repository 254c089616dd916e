/* Does with disks what /plan says, and leaves what came of it in /out.
 *
 * The plan has 16 bytes for each thing to do: an offset, a length, and a disk:
 * 0 is the file /in, 1 is /dev/vdb. Of each, /out gets what read returned, then
 * what was read. Two copies are written, by processes of their own, and both
 * are synced. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct step {
    uint64_t offset;
    uint32_t len, disk;
};

static struct step plan[512];
static char buffer[256 << 10];

static void
must(bool good, int status)
{
    if (!good)
        _exit(status);
}

static void
put(int out, const void *bytes, size_t n)
{
    must(write(out, bytes, n) == (ssize_t)n, 2);
}

static void
follow(const char *path, size_t steps)
{
    int disks[2] = {open("/in", O_RDONLY), open("/dev/vdb", O_RDONLY)};
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    must(out >= 0, 3);
    for (size_t i = 0; i < steps; i++) {
        const struct step *s = &plan[i];
        ssize_t n = pread(disks[s->disk], buffer, s->len, (off_t)s->offset);
        int32_t result = n < 0 ? -errno : (int32_t)n;

        put(out, &result, sizeof(result));
        if (n > 0)
            put(out, buffer, (size_t)n);
    }
    must(fsync(out) == 0, 4);
    _exit(0);
}

int
main(void)
{
    int in = open("/plan", O_RDONLY), status, failed = 0;
    ssize_t n = read(in, plan, sizeof(plan));

    must(in >= 0 && n >= 0, 1);
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        must(child >= 0, 5);
        if (child == 0)
            follow(i ? "/out1" : "/out0", (size_t)n / sizeof(plan[0]));
    }
    while (wait(&status) > 0)
        failed = failed ? failed : WEXITSTATUS(status);
    return failed;
}
