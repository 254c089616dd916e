#include "fuzz.h"
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE   4096ul
#define PAGES  16ul
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#define SYSCALL(number, name, arguments) {number, #name, arguments},
static const struct call calls[] = {
#include "abi/syscalls.def"
};
#undef SYSCALL

static uint64_t state;
static char *arena; /* PAGES pages to read and write, then none */
static const char fixed[PAGE] = "only to be read";
static char long_name[5000];

void
draw_start(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15 + 1;
}

uint64_t
draw_below(uint64_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state * 0x2545f4914f6cdd1d >> 16) % limit;
}

/* A number near which something may change. */
static uint64_t
draw_number(void)
{
    static const uint64_t odd[] = {
        0,
        1,
        2,
        3,
        7,
        8,
        15,
        16,
        64,
        100,
        255,
        256,
        511,
        512,
        1000,
        1024,
        4095,
        4096,
        4097,
        8192,
        65535,
        65536,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x100000000,
        999999999,
        1000000000,
        INT64_MAX,
        UINT64_MAX,
        UINT64_MAX - 1,
        UINT64_MAX - 4095,
        1ul << 38,
        1ul << 63,
    };
    switch (draw_below(4)) {
    case 0:
        return draw_below(16);
    case 1:
        return 1ul << draw_below(32);
    case 2:
        return draw_below(2) ? draw_below(1ul << 32)
                             : 1ul << draw_below(16) | 1ul << draw_below(24);
    default:
        return odd[draw_below(LEN(odd))];
    }
}

static uint64_t
draw_pointer(void)
{
    uint64_t inside = (uintptr_t)arena + draw_below(PAGES) * PAGE;
    switch (draw_below(12)) {
    case 0:
        return 0;
    case 1:
        return draw_below(PAGE); /* no page */
    case 2:
        return 0xffffffc000000000 + draw_below(1ul << 32); /* the kernel's */
    case 3:
        return (uintptr_t)fixed + draw_below(64);
    case 4: /* across the end */
        return (uintptr_t)arena + PAGES * PAGE - draw_below(32);
    case 5:
        return draw_number();
    case 6:
        return inside + draw_below(PAGE);
    default:
        return inside + draw_below(8) * 8;
    }
}

static uint64_t
draw_string(void)
{
    static const char *const names[] = {
        "file",
        "dir",
        "dir/file",
        "link",
        "fifo",
        "new",
        "new/x",
        ".",
        "..",
        "/",
        "",
        "loop",
        "dir/..",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/tty",
        "/dev/ptmx",
        "/dev/fd/3",
        "/proc/self/fd/4",
        "/proc",
        "/proc/self",
        "/proc/stat",
        "/sys",
        "/bin/true",
        "/etc/none",
        "tmpfs",
        "proc",
        "none",
        "/proc/self/maps",
        "/proc/mounts",
        "/sys/firmware/fdt",
        "file/",
        "dir/",
        "/tests/none",
    };
    if (draw_below(16) == 0)
        return draw_pointer();
    if (draw_below(64) == 0)
        return (uintptr_t)long_name + draw_below(2) * 4700;
    return (uintptr_t)names[draw_below(LEN(names))];
}

/* Nobody else may be hit. */
static uint64_t
draw_pid(void)
{
    switch (draw_below(4)) {
    case 0:
        return 0;
    case 1:
        return 30000 + draw_below(100000);
    case 2:
        return draw_below(2) ? INT32_MAX : (uint64_t)-30000;
    default:
        return (uint64_t)getpid();
    }
}

static uint64_t
draw_argument(char kind)
{
    if (draw_below(100) == 0 && kind != 'P')
        return draw_number();
    switch (kind) {
    case 'd':
        return draw_below(8) ? draw_below(24) : (uint64_t)-draw_below(102);
    case 'p':
    case 'm':
    case 'v':
        return draw_pointer();
    case 's':
        return draw_string();
    case 'z':
        return draw_below(3) ? draw_below(PAGE * 2) : draw_number();
    case 'S':
        return draw_below(70);
    case 'P':
        return draw_pid();
    case 'o':
        return draw_below(2) ? 0100000 | draw_below(010000) : draw_number();
    default:
        return draw_number();
    }
}

/* Structures and arrays that a pointer may lead to. */
static void
fill_arena(void)
{
    uint64_t *word = (void *)(arena + draw_below(PAGES) * PAGE);
    for (unsigned i = 0; i < 32; i++)
        word[i] = draw_below(3) ? draw_number() : draw_pointer();
}

static void
place(int fd, int number)
{
    if (fd >= 0 && fd != number) {
        dup2(fd, number);
        close(fd);
    }
}

void
draw_prepare(void)
{
    int ends[2];
    arena = mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(arena + PAGES * PAGE, PAGE);
    memset(long_name, 'l', sizeof(long_name) - 1);
    mkdir("dir", 0777);
    symlink("file", "link");
    symlink("loop", "loop");
    mkfifo("fifo", 0666);
    place(open("dir/file", O_RDWR | O_CREAT, 0666), 3);
    place(open("file", O_RDWR | O_CREAT, 0666), 4);
    place(open("file", O_RDONLY), 5);
    place(open("file", O_WRONLY | O_APPEND), 6);
    place(open("dir", O_RDONLY | O_DIRECTORY), 7);
    place(open("/dev/zero", O_RDWR), 8);
    place(open("/dev/full", O_RDWR), 9);
    place(open("fifo", O_RDWR | O_NONBLOCK), 10);
    place(open("file", O_PATH), 11);
    place(open("/proc/self/stat", O_RDONLY), 12);
    place(open("/dev/ptmx", O_RDWR | O_NOCTTY), 13);
    place(open("/bin/true", O_RDONLY), 14);
    if (pipe(ends) == 0) {
        place(ends[0], 15);
        place(ends[1], 16);
    }
}

const struct call *
draw_call(uint64_t arguments[6])
{
    const struct call *call = &calls[draw_below(LEN(calls))];
    size_t n = strlen(call->arguments);
    if (draw_below(4) == 0)
        fill_arena();
    for (size_t i = 0; i < 6; i++)
        arguments[i] = draw_argument(i < n ? call->arguments[i] : 'x');
    return call;
}
