// SOURCES: kernel/sys/elf.c kernel/mm/uio.c mkfs/host_kernel.c
/* Loading programs, from files and from memory: what is mapped lies in user
 * space, on whole pages, and apart; nothing is read outside the file, nor
 * written where nothing is mapped. */
#include "sys/elf.h"

#include "abi/elf.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "fs/mapping.h"
#include "host_kernel.h"
#include "mm/space.h"

#include "fuzz.h" /* after fcntl.h, which the C library has, too */

#define AREAS_MAX 64u

static struct area areas[AREAS_MAX];
static unsigned nareas;
static unsigned calls_left; /* of space_map, until there is no memory */
static struct elf_source source;
static const uint8_t *content;
static size_t content_size;

/* ---- What stands in for memory and files ---- */

static bool
covers(uint64_t start, uint64_t end)
{
    for (unsigned i = nareas; i > 0; i--)
        if (start >= areas[i - 1].start && start < areas[i - 1].end) {
            if (end <= areas[i - 1].end)
                return true;
            start = areas[i - 1].end;
            i = nareas + 1;
        }
    return false;
}

int
space_map(struct space *space, struct area *wanted, enum space_place place)
{
    (void)space;
    FUZZ_CHECK(place == SPACE_REPLACE);
    FUZZ_CHECK(wanted->start % PAGE_SIZE == 0 && wanted->end % PAGE_SIZE == 0);
    FUZZ_CHECK(wanted->start < wanted->end && wanted->end <= USER_END);
    FUZZ_CHECK((wanted->prot & ~(unsigned)(PROT_READ | PROT_WRITE)) == 0);
    if (calls_left-- == 0) {
        calls_left = 0;
        return -ENOMEM;
    }
    /* A file's part lies within the segment's; segments are apart. */
    for (unsigned i = 0; i < nareas; i++)
        FUZZ_CHECK(wanted->handle ? wanted->start >= areas[i].end ||
                                        wanted->end <= areas[i].start ||
                                        (i == nareas - 1 &&
                                         wanted->start == areas[i].start &&
                                         wanted->end <= areas[i].end)
                                  : wanted->start >= areas[i].end);
    FUZZ_CHECK(nareas < AREAS_MAX);
    areas[nareas++] = *wanted;
    return 0;
}

int
space_protect(struct space *space, uint64_t start, uint64_t size, unsigned prot)
{
    (void)space;
    FUZZ_CHECK(covers(start, start + size));
    FUZZ_CHECK((prot & ~(unsigned)(PROT_READ | PROT_WRITE | PROT_EXEC)) == 0);
    return 0;
}

int
mapping_describe(struct file *file, uint64_t offset, struct area *area)
{
    FUZZ_CHECK(file == source.file && offset % PAGE_SIZE == 0);
    FUZZ_CHECK(offset < content_size);
    area->handle = file;
    area->offset = offset;
    return 0;
}

int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    const volatile uint8_t *bytes = src;

    FUZZ_CHECK(n <= USER_END && dst.v <= USER_END - n);
    if (!covers(dst.v, dst.v + n))
        return -EFAULT;
    if (n > 0)
        (void)(bytes[0] + bytes[n - 1]);
    return 0;
}

int
uaccess_read(void *dst, uaddr_t src, size_t n)
{
    (void)dst;
    (void)src;
    (void)n;
    fuzz_fail(__FILE__, __LINE__, "nothing reads user memory");
}

int uaccess_read_now(void *dst, uaddr_t src, size_t n) ALIAS("uaccess_read");

bool
uaccess_write_at_once(uaddr_t dst, const void *src, size_t n)
{
    return uaccess_write(dst, src, n) == 0;
}

bool
uaccess_read_at_once(void *dst, uaddr_t src, size_t n)
{
    return uaccess_read(dst, src, n) == 0;
}

int64_t
file_transfer(struct file *file, enum file_direction direction, struct uio *uio,
              uint64_t *at)
{
    FUZZ_CHECK(file == source.file && direction == FILE_READ);
    if (*at > INT64_MAX)
        return -EINVAL;
    if (*at >= content_size)
        return 0;
    return uio_fill(uio, content + *at, content_size - *at);
}

/* ---- Inputs ---- */

/* What nobody would find by chance, and what keeps numbers within reach. */
static void
make_plausible(uint8_t *bytes, size_t size)
{
    struct elf64_ehdr h;

    if (size < sizeof(h))
        return;
    memcpy(&h, bytes, sizeof(h));
    memcpy(h.e_ident, ELFMAG, 4);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = h.e_type % 2 ? ET_DYN : ET_EXEC;
    h.e_machine = EM_RISCV;
    h.e_phentsize = sizeof(struct elf64_phdr);
    h.e_phoff %= size;
    memcpy(bytes, &h, sizeof(h));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t bases[] = {0, PAGE_SIZE, 0x2aaaaaa000,
                                     USER_END - PAGE_SIZE};
    static struct inode inode;
    static struct file file = {.inode = &inode};
    static struct space space;
    struct fuzz_input in = {data, size};
    struct elf_info info;

    unsigned how = (unsigned)fuzz_number(&in, 1);
    calls_left = fuzz_choose(&in, 4) ? AREAS_MAX : fuzz_choose(&in, 8);
    content_size = in.left;
    uint8_t *bytes = fuzz_copy(&in, content_size);
    if (how & 1)
        make_plausible(bytes, content_size);
    content = bytes;
    inode.size = content_size;
    nareas = 0;
    source = how & 2
                 ? (struct elf_source){.file = &file}
                 : (struct elf_source){.memory = bytes, .size = content_size};
    int err = elf_load(&source, &space, bases[how >> 2 & 3], &info);
    FUZZ_CHECK(err == 0 || err == -ENOEXEC || err == -ENOMEM || err == -EINVAL);
    if (err == 0) {
        FUZZ_CHECK(info.end <= USER_END && info.end % PAGE_SIZE == 0);
        FUZZ_CHECK(strnlen(info.interpreter, sizeof(info.interpreter)) <
                   sizeof(info.interpreter));
        FUZZ_CHECK(info.phdr == 0 ||
                   covers(info.phdr,
                          info.phdr + info.phnum * sizeof(struct elf64_phdr)));
    }
    free(bytes);
    return 0;
}
