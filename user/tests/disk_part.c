/* Writes to a disk from memory that ends in the middle of a block: what comes
 * after it on the disk must stay. Usage: disk_part DEVICE */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <tap.h>
#include <unistd.h>

#define BLOCK 4096
#define PART  100

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
    char *part = pages + BLOCK - PART;
    memset(part, 'A', PART);
    memset(before, 'B', BLOCK);
    check_eq(pwrite(fd, before, BLOCK, BLOCK), BLOCK);
    memset(other, 'C', BLOCK); /* what the kernel had in its hands last */
    check_eq(pwrite(fd, other, BLOCK, 2 * BLOCK), BLOCK);
    check_eq(pwrite(fd, part, BLOCK, BLOCK), PART);
    check_eq(pwrite(fd, pages + BLOCK, BLOCK, BLOCK), -1);
    check_eq(errno, EFAULT);
    memset(before, 'A', PART);
    check_eq(pread(fd, after, BLOCK, BLOCK), BLOCK);
    check(memcmp(before, after, BLOCK) == 0);
    close(fd);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {TAP_CASE(the_rest_stays)};

    device = argc > 1 ? argv[1] : "";
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
