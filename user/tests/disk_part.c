/* Writes to a disk from memory that ends in the middle of a sector: the write
 * ends before that sector, and what is there stays. Usage: disk_part DEVICE */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <tap.h>
#include <unistd.h>

#define BLOCK  4096
#define SECTOR 512
#define PART   100

static const char *device;

static void
the_rest_stays(void)
{
    static char before[BLOCK], after[BLOCK], other[BLOCK];
    char *pages = mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open(device, O_RDWR);

    check(pages != MAP_FAILED && fd >= 0);
    check_eq(munmap(pages + BLOCK, BLOCK), 0);
    memset(pages, 'A', BLOCK);
    memset(before, 'B', BLOCK);
    check_eq(pwrite(fd, before, BLOCK, BLOCK), BLOCK);
    memset(other, 'C', BLOCK); /* what the kernel had in its hands last */
    check_eq(pwrite(fd, other, BLOCK, 2 * BLOCK), BLOCK);

    char *part = pages + BLOCK - SECTOR - PART;
    check_eq(pwrite(fd, part, BLOCK, BLOCK), SECTOR);
    check_eq(pwrite(fd, pages + BLOCK - PART, BLOCK, BLOCK), -1);
    check_eq(errno, EFAULT);
    memset(before, 'A', SECTOR);
    check_eq(pread(fd, after, BLOCK, BLOCK), BLOCK);
    check(memcmp(before, after, BLOCK) == 0);
    close(fd);
}

/* More than the kernel moves at a time, from and to the middle of a block. */
static void
large_and_odd(void)
{
    enum { SIZE = 300000, AT = 5 * BLOCK + 100 };
    static unsigned char out[SIZE], in[SIZE + 2];
    int fd = open(device, O_RDWR);

    check(fd >= 0);
    for (unsigned i = 0; i < SIZE; i++)
        out[i] = (unsigned char)(i * 7 + i / 251);
    check_eq(pwrite(fd, "<", 1, AT - 1), 1);
    check_eq(pwrite(fd, ">", 1, AT + SIZE), 1);
    check_eq(pwrite(fd, out, SIZE, AT), SIZE);
    check_eq(pread(fd, in, SIZE + 2, AT - 1), SIZE + 2);
    check(in[0] == '<' && in[SIZE + 1] == '>');
    check(memcmp(in + 1, out, SIZE) == 0);
    close(fd);
    fd = open(device, O_RDONLY | O_DIRECT);
    check_eq(pread(fd, in, SIZE, AT), SIZE);
    check(memcmp(in, out, SIZE) == 0);
    close(fd);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(the_rest_stays),
        TAP_CASE(large_and_odd),
    };

    device = argc > 1 ? argv[1] : "";
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
