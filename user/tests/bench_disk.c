/* What a disk and its file system give: rows of "name value unit", in wall
 * time. Mounts the second disk, an empty eclipsefs of 256 MiB or more, on
 * /mnt.
 *
 * Times depend on the machine and on what else it does: rows of one run may
 * be compared, rows of two runs hardly. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICE  "/dev/vdb"
#define PLACE   "/mnt"
#define CALL    (128u << 10) /* bytes of one read or write */
#define LARGE   (64u << 20)  /* bytes of the large file */
#define PAIRS   500u
#define SYNCED  200u
#define WRITERS 8u
#define EACH    50u     /* files that each of them makes durable */
#define FEW     100u    /* names of a small directory */
#define MANY    100000u /* of a large one */
#define LOOKUPS 2000u

static char buffer[CALL];

static void
must(long result, const char *what)
{
    if (result >= 0)
        return;
    perror(what);
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
row(const char *name, uint64_t value, const char *unit)
{
    printf("%s %lu %s\n", name, (unsigned long)value, unit);
    fflush(stdout);
}

static void
row_rate(const char *name, uint64_t bytes, uint64_t ns)
{
    row(name, bytes * 1000 / (ns + 1), "MB/s");
}

static void
mount_disk(void)
{
    must(mount(DEVICE, PLACE, "eclipsefs", 0, NULL), "mount " DEVICE);
    must(chdir(PLACE), PLACE);
}

/* Nothing of the disk is in memory afterwards. */
static void
mount_anew(void)
{
    must(chdir("/"), "/");
    must(umount(PLACE), "umount");
    mount_disk();
}

static void
make_file(const char *path, size_t size, int sync)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    must(fd, path);
    if (size > 0)
        must(write(fd, buffer, size), path);
    if (sync)
        must(fsync(fd), "fsync");
    close(fd);
}

/* ---- Names ---- */

static void
names(void)
{
    uint64_t start = now_ns();
    for (unsigned i = 0; i < PAIRS; i++) {
        make_file("a", 0, 0);
        must(unlink("a"), "unlink");
    }
    row("create_unlink", (now_ns() - start) / PAIRS / 1000, "us");

    start = now_ns();
    for (unsigned i = 0; i < PAIRS; i++) {
        must(mkdir("d", 0755), "mkdir");
        must(rmdir("d"), "rmdir");
    }
    row("mkdir_rmdir", (now_ns() - start) / PAIRS / 1000, "us");

    start = now_ns();
    for (unsigned i = 0; i < SYNCED; i++) {
        make_file("a", 4096, 1);
        must(unlink("a"), "unlink");
    }
    row("create_write_sync_unlink", (now_ns() - start) / SYNCED / 1000, "us");
}

/* ---- A large file ---- */

static uint64_t
read_large(void)
{
    uint64_t start = now_ns();
    int fd = open("large", O_RDONLY);

    must(fd, "large");
    for (unsigned at = 0; at < LARGE; at += CALL)
        must(read(fd, buffer, CALL) == CALL ? 0 : -1, "read");
    close(fd);
    return now_ns() - start;
}

static void
large_file(void)
{
    uint64_t start = now_ns();
    int fd = open("large", O_WRONLY | O_CREAT, 0644);

    must(fd, "large");
    for (unsigned at = 0; at < LARGE; at += CALL)
        must(write(fd, buffer, CALL) == CALL ? 0 : -1, "write");
    must(fsync(fd), "fsync");
    close(fd);
    row_rate("write_64mib_fsync", LARGE, now_ns() - start);
    mount_anew();
    row_rate("read_64mib_cold", LARGE, read_large());
    row_rate("read_64mib_warm", LARGE, read_large());
    must(unlink("large"), "unlink");
}

/* ---- Large directories ---- */

static void
fill_directory(const char *name, unsigned count)
{
    char path[64];

    must(mkdir(name, 0755), name);
    must(chdir(name), name);
    make_file("0", 0, 0);
    for (unsigned i = 1; i < count; i++) {
        snprintf(path, sizeof(path), "%u", i);
        must(link("0", path), path);
    }
    must(chdir(".."), "..");
}

/* Nanoseconds of one lookup of a name that is not in the table of names; the
 * directory's blocks are in memory. */
static uint64_t
time_lookups(const char *name, unsigned count)
{
    static unsigned next = 1;
    uint64_t start;
    char path[64];
    struct stat st;

    must(chdir(name), name);
    start = now_ns();
    for (unsigned i = 0; i < LOOKUPS; i++) {
        /* Names that are not there: each is looked up in the directory. */
        snprintf(path, sizeof(path), "%u", count + next++);
        if (stat(path, &st) == 0)
            must(-1, path);
    }
    start = now_ns() - start;
    must(chdir(".."), "..");
    return start / LOOKUPS;
}

static void
directories(void)
{
    uint64_t start = now_ns();

    fill_directory("many", MANY);
    sync();
    row("link_100000_names", (now_ns() - start) / 1000000, "ms");
    fill_directory("few", FEW);
    row("lookup_among_100", time_lookups("few", FEW), "ns");
    time_lookups("many", MANY); /* brings its blocks into memory */
    row("lookup_among_100000", time_lookups("many", MANY), "ns");
}

/* ---- Commits ---- */

/* Processes that each make files durable: they share commits. */
static void
writers(unsigned count, const char *name)
{
    uint64_t start = now_ns();
    char path[64];

    for (unsigned i = 0; i < count; i++) {
        if (fork() != 0)
            continue;
        for (unsigned k = 0; k < EACH; k++) {
            snprintf(path, sizeof(path), "w%u-%u", i, k);
            make_file(path, 0, 1);
        }
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    row(name, (uint64_t)count * EACH * 1000000000u / (now_ns() - start),
        "files/s");
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < EACH; k++) {
            snprintf(path, sizeof(path), "w%u-%u", i, k);
            must(unlink(path), path);
        }
}

int
main(void)
{
    memset(buffer, 'x', sizeof(buffer));
    mount_disk();
    names();
    writers(1, "fsyncs_of_1_process");
    writers(WRITERS, "fsyncs_of_8_processes");
    large_file();
    directories();
    must(chdir("/"), "/");
    must(umount(PLACE), "umount");
    return 0;
}
