#include "sys/elf.h"
#include "abi/elf.h"
#include "abi/mman.h"
#include "fs/mapping.h"
#include "lib/string.h"
#include "mm/space.h"

#define PHDRS_MAX 32u

/* Reads exactly n bytes at offset to where uio leads. */
static int
read_exactly(const struct elf_source *source, struct uio *uio, uint64_t offset)
{
    size_t n = uio->residual;
    int64_t got = -ENOEXEC;
    if (source->file)
        got = file_transfer(source->file, FILE_READ, uio, &offset);
    else if (offset <= source->size && n <= source->size - offset)
        got = uio_fill(uio, (const char *)source->memory + offset, n);
    return got < 0 ? (int)got : (size_t)got == n ? 0 : -ENOEXEC;
}

static int
read_kernel(const struct elf_source *source, void *buf, size_t n,
            uint64_t offset)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_kernel(&uio, &vec, buf, n);
    return read_exactly(source, &uio, offset);
}

static int
check_header(const struct elf64_ehdr *h)
{
    bool fits = memcmp(h->e_ident, ELFMAG, 4) == 0 &&
                h->e_ident[EI_CLASS] == ELFCLASS64 &&
                h->e_ident[EI_DATA] == ELFDATA2LSB &&
                h->e_ident[EI_VERSION] == EV_CURRENT &&
                (h->e_type == ET_EXEC || h->e_type == ET_DYN) &&
                h->e_machine == EM_RISCV &&
                h->e_phentsize == sizeof(struct elf64_phdr) && h->e_phnum > 0 &&
                h->e_phnum <= PHDRS_MAX;
    return fits ? 0 : -ENOEXEC;
}

/* A segment's numbers agree with each other and with user space, and it does
 * not share a page with the one before, which ended at floor. */
static bool
is_sound(const struct elf64_phdr *ph, uint64_t base, uint64_t floor)
{
    if (ph->p_filesz > ph->p_memsz || ph->p_vaddr >= USER_END ||
        ph->p_memsz > USER_END - base || ph->p_offset > INT64_MAX ||
        ph->p_vaddr + base > USER_END - ph->p_memsz)
        return false;
    if (ph->p_vaddr % PAGE_SIZE != ph->p_offset % PAGE_SIZE)
        return false;
    return ALIGN_DOWN(base + ph->p_vaddr, PAGE_SIZE) >= floor;
}

/* The kernel's own program is copied. */
static int
copy_segment(const struct elf_source *source, const struct elf64_phdr *ph,
             uint64_t va)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_user(&uio, &vec, uaddr(va), ph->p_filesz);
    return read_exactly(source, &uio, ph->p_offset);
}

/* Pages of a file come when they are touched; only what is in the last one
 * behind the segment's bytes has to be cleared now, and that makes it a copy.
 */
static int
map_segment(const struct elf_source *source, struct space *space,
            const struct elf64_phdr *ph, uint64_t va)
{
    static uint8_t zeros[PAGE_SIZE]; /* never written to */
    uint64_t end = va + ph->p_filesz;
    struct area area = {.start = ALIGN_DOWN(va, PAGE_SIZE),
                        .end = ALIGN_UP(end, PAGE_SIZE),
                        .prot = PROT_READ | PROT_WRITE};
    if (ph->p_offset + ph->p_filesz > READ_ONCE(source->file->inode->size))
        return -ENOEXEC;
    int error = mapping_describe(source->file,
                                 ALIGN_DOWN(ph->p_offset, PAGE_SIZE), &area);
    error = error ?: space_map(space, &area, SPACE_REPLACE);
    if (error == 0 && ph->p_memsz > ph->p_filesz && area.end > end)
        error = uaccess_write(uaddr(end), zeros, area.end - end);
    return error;
}

static int
load_segment(const struct elf_source *source, struct space *space,
             const struct elf64_phdr *ph, uint64_t base)
{
    uint64_t va = base + ph->p_vaddr;
    uint64_t start = ALIGN_DOWN(va, PAGE_SIZE);
    uint64_t size = ALIGN_UP(va + ph->p_memsz, PAGE_SIZE) - start;
    unsigned prot = (ph->p_flags & PF_R ? PROT_READ : 0) |
                    (ph->p_flags & PF_W ? PROT_WRITE : 0) |
                    (ph->p_flags & PF_X ? PROT_EXEC : 0);
    struct area area = {
        .start = start, .end = start + size, .prot = PROT_READ | PROT_WRITE};
    int error = space_map(space, &area, SPACE_REPLACE);
    if (error == 0 && ph->p_filesz > 0)
        error = source->file ? map_segment(source, space, ph, va)
                             : copy_segment(source, ph, va);
    error = error ?: space_protect(space, start, size, prot);
    return error == -EFAULT ? -ENOMEM : error;
}

/* Takes over the path of the dynamic linker. */
static int
read_interpreter(const struct elf_source *source, const struct elf64_phdr *ph,
                 struct elf_info *info)
{
    size_t n = ph->p_filesz;
    if (n < 2 || n > sizeof(info->interpreter))
        return -ENOEXEC;
    int error = read_kernel(source, info->interpreter, n, ph->p_offset);
    if (error == 0 && strnlen(info->interpreter, n) != n - 1)
        error = -ENOEXEC;
    return error;
}

static int
load_all(const struct elf_source *source, struct space *space,
         const struct elf64_ehdr *header, const struct elf64_phdr *phdrs,
         struct elf_info *info)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        const struct elf64_phdr *ph = &phdrs[i];
        int error = 0;
        if (ph->p_type == PT_INTERP)
            error = read_interpreter(source, ph, info);
        if (error != 0)
            return error;
        if (ph->p_type != PT_LOAD || ph->p_memsz == 0)
            continue;
        if (!is_sound(ph, info->base, info->end))
            return -ENOEXEC;
        error = load_segment(source, space, ph, info->base);
        if (error != 0)
            return error;
        /* The program headers may be in memory, as a part of this. */
        uint64_t bytes = header->e_phnum * sizeof(*ph);
        uint64_t at = header->e_phoff - ph->p_offset;
        if (header->e_phoff >= ph->p_offset && ph->p_filesz >= bytes &&
            at <= ph->p_filesz - bytes)
            info->phdr = info->base + ph->p_vaddr + at;
        info->end = ALIGN_UP(info->base + ph->p_vaddr + ph->p_memsz, PAGE_SIZE);
    }
    return info->end != 0 ? 0 : -ENOEXEC;
}

int
elf_load(const struct elf_source *source, struct space *space, uint64_t base,
         struct elf_info *info)
{
    struct elf64_ehdr header;
    struct elf64_phdr phdrs[PHDRS_MAX];
    int error = read_kernel(source, &header, sizeof(header), 0);
    error = error ?: check_header(&header);
    if (error == 0)
        error = read_kernel(source, phdrs, header.e_phnum * sizeof(phdrs[0]),
                            header.e_phoff);
    if (error != 0)
        return error;

    base = header.e_type == ET_DYN ? base : 0;
    *info = (struct elf_info){
        .base = base, .entry = base + header.e_entry, .phnum = header.e_phnum};
    return load_all(source, space, &header, phdrs, info);
}
