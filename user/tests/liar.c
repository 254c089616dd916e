/* What programs see of disks that lie (tests/liar): runs in init's place. Two
 * processes work on each disk but the first, each on a half of it: they read
 * all blocks, write them, and read them again, and count what came of it. At
 * the end there is a line for each disk:
 *
 *   = vdb: 96 moves, 1 failed, 0 refused, 0 wrong, 95 last
 *
 * failed: with EIO; refused: with another error; wrong: other content than it
 * should be; last: the number of the last move that succeeded. Disks whose
 * first block says that eclipsefs is on them are mounted, and a line says
 * "= vdb: mount" and the error. The first disk is the honest one, and what is
 * read of it must not change meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK  4096u
#define WORDS  (BLOCK / sizeof(uint64_t))
#define BLOCKS 32u /* of each half */
#define DISKS  7u
#define MAGIC  "ECLIPSEFS"

struct counts {
    unsigned moves, failed, refused, wrong, last;
    int refusal; /* the last error that was not EIO */
};

/* Of all disks and halves, shared by all processes. */
static struct counts (*results)[2];

/* The word at offset of what was there at first, or is written later;
 * tests/guest/test_liar.py has it too. */
static uint64_t
pattern(uint64_t offset, bool later)
{
    return (offset / 8 + (later ? 1u << 20 : 0)) * 0x9e3779b97f4a7c15u;
}

static bool
is_right(const uint64_t *words, uint64_t offset, bool later)
{
    for (unsigned i = 0; i < WORDS; i++)
        if (words[i] != pattern(offset + i * 8, later))
            return false;
    return true;
}

/* Notes what came of moving a block. Returns whether it was moved. */
static bool
note(struct counts *c, ssize_t n)
{
    c->moves++;
    if (n == (ssize_t)BLOCK) {
        c->last = c->moves;
        return true;
    }
    if (n < 0 && errno == EIO) {
        c->failed++;
    } else {
        c->refused++;
        c->refusal = n < 0 ? errno : ENOSPC;
    }
    return false;
}

/* What a block should be; a write that failed may have been done. */
enum content { FIRST, LATER, EITHER };

static void
read_half(int fd, unsigned half, struct counts *c, const enum content *is)
{
    static uint64_t words[WORDS];
    for (unsigned i = 0; i < BLOCKS; i++) {
        uint64_t offset = (uint64_t)(half * BLOCKS + i) * BLOCK;
        if (note(c, pread(fd, words, BLOCK, (off_t)offset)))
            c->wrong += !(is[i] != LATER && is_right(words, offset, false)) &&
                        !(is[i] != FIRST && is_right(words, offset, true));
    }
}

static void
write_half(int fd, unsigned half, struct counts *c, enum content *is)
{
    static uint64_t words[WORDS];
    for (unsigned i = 0; i < BLOCKS; i++) {
        uint64_t offset = (uint64_t)(half * BLOCKS + i) * BLOCK;
        for (unsigned k = 0; k < WORDS; k++)
            words[k] = pattern(offset + k * 8, true);
        bool done = note(c, pwrite(fd, words, BLOCK, (off_t)offset));
        is[i] = done ? LATER : EITHER;
    }
    note(c, fsync(fd) == 0 ? (ssize_t)BLOCK : -1);
}

static void
work(const char *path, unsigned half, struct counts *c)
{
    static enum content is[BLOCKS];
    int fd = open(path, O_RDWR);
    if (fd < 0) {
        c->refused++;
        c->refusal = errno;
        return;
    }
    read_half(fd, half, c, is);
    write_half(fd, half, c, is);
    read_half(fd, half, c, is);
    close(fd);
}

/* A sum over a program that was read before anybody lied. */
static uint64_t
sum_of(const char *path)
{
    static uint8_t piece[BLOCK];
    uint64_t sum = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY);
    while ((n = read(fd, piece, sizeof(piece))) > 0)
        for (ssize_t i = 0; i < n; i++)
            sum = sum * 31 + piece[i];
    close(fd);
    return sum;
}

/* Mounts it, if it is to be. Returns whether it is. */
static bool
is_to_mount(const char *path)
{
    char start[sizeof(MAGIC) - 1] = {0};
    int fd = open(path, O_RDONLY);
    bool is = fd >= 0 && pread(fd, start, sizeof(start), 0) == sizeof(start) &&
              memcmp(start, MAGIC, sizeof(start)) == 0;
    close(fd);
    if (is)
        printf("= %s: mount %d\n", path + strlen("/dev/"),
               mount(path, "/mnt", "eclipsefs", 0, NULL) == 0 ? 0 : errno);
    return is;
}

int
main(void)
{
    size_t bytes = DISKS * sizeof(results[0]);
    uint64_t sum = sum_of("/bin/sh");
    char path[] = "/dev/vdX";
    bool mounted[DISKS];

    results = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < DISKS; i++) {
        path[strlen(path) - 1] = (char)('b' + i);
        mounted[i] = access(path, F_OK) != 0 || is_to_mount(path);
        for (unsigned half = 0; half < 2 && !mounted[i]; half++)
            if (fork() == 0) {
                work(path, half, &results[i][half]);
                _exit(0);
            }
    }
    while (wait(NULL) > 0)
        ;
    for (unsigned i = 0; i < DISKS; i++) {
        const struct counts *a = &results[i][0], *b = &results[i][1];
        if (!mounted[i])
            printf("= vd%c: %u moves, %u failed, %u refused, %u wrong, "
                   "%u last, error %d\n",
                   'b' + i, a->moves + b->moves, a->failed + b->failed,
                   a->refused + b->refused, a->wrong + b->wrong,
                   a->last > b->last ? a->last : b->last,
                   a->refusal ? a->refusal : b->refusal);
    }
    printf("= /bin/sh %s\n", sum_of("/bin/sh") == sum ? "same" : "changed");
    return 0;
}
