/* The stack as a short table of segments, placed from the top down, and a pen
 * that writes the words of the lowest one without ever holding all of them. */
#include "sys/exec_stack.h"
#include "abi/auxv.h"
#include "abi/elf.h"
#include "arch/vdso.h"
#include "dev/platform.h"
#include "dev/random.h"
#include "lib/string.h"
#include "mm/space.h"
#include "proc/cred.h"
#include "sys/sys.h"

#define RANDOM_BYTES 16u
#define STACK_ALIGN  16u /* [psabi §2.1] */

/* ---- Where things lie ---- */

enum segment_name { STRINGS, RANDOM, WORDS, SEGMENTS };

struct segment {
    size_t size;
    uint64_t align;
    uint64_t at; /* user address */
};

static void
place_segments(struct segment segments[SEGMENTS])
{
    uint64_t top = SPACE_STACK_TOP;
    for (unsigned i = 0; i < SEGMENTS; i++) {
        top = ALIGN_DOWN(top - segments[i].size, segments[i].align);
        segments[i].at = top;
    }
}

/* ---- The pen: words, one behind the other ---- */

#define PEN_WORDS 64u

struct pen {
    uint64_t at; /* user address of words[0] */
    unsigned used;
    int error;
    uint64_t words[PEN_WORDS];
};

/* There is one reason why a stack cannot be written to: it cannot grow. */
static int
put_bytes(uint64_t at, const void *bytes, size_t size)
{
    return uaccess_write(uaddr(at), bytes, size) == 0 ? 0 : -ENOMEM;
}

static void
pen_flush(struct pen *pen)
{
    size_t size = pen->used * sizeof(pen->words[0]);
    if (pen->error == 0)
        pen->error = put_bytes(pen->at, pen->words, size);
    pen->at += size;
    pen->used = 0;
}

static void
pen_write(struct pen *pen, uint64_t word)
{
    pen->words[pen->used++] = word;
    if (pen->used == PEN_WORDS)
        pen_flush(pen);
}

/* Pointers to `count` strings of args, the first of them at byte *offset, and
 * the null pointer that ends them. */
static void
pen_write_pointers(struct pen *pen, const struct exec_args *args,
                   unsigned count, uint64_t strings, size_t *offset)
{
    for (unsigned i = 0; i < count; i++) {
        pen_write(pen, strings + *offset);
        *offset += strlen(args->text + *offset) + 1;
    }
    pen_write(pen, 0);
}

/* ---- The auxiliary vector ---- */

#define AUXV_LEN 18u

struct auxv_entry {
    uint64_t tag, value;
};

static uint64_t
hart_letters(void)
{
    return platform_get()->harts[0].isa & PLATFORM_ISA_LETTERS;
}

static void
pen_write_auxv(struct pen *pen, const struct exec_args *args,
               const struct elf_info *info, uint64_t linker,
               const struct segment segments[SEGMENTS])
{
    const struct cred *cred = args->cred;
    const struct auxv_entry auxv[AUXV_LEN] = {
        {AT_PHDR, info->phdr},
        {AT_PHENT, sizeof(struct elf64_phdr)},
        {AT_PHNUM, info->phnum},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_BASE, linker},
        {AT_FLAGS, 0},
        {AT_ENTRY, info->entry},
        {AT_UID, cred->uid.real},
        {AT_EUID, cred->uid.effective},
        {AT_GID, cred->gid.real},
        {AT_EGID, cred->gid.effective},
        {AT_HWCAP, hart_letters()},
        {AT_CLKTCK, 100},
        {AT_SECURE, cred_is_secure(cred)},
        {AT_RANDOM, segments[RANDOM].at},
        {AT_EXECFN, segments[STRINGS].at}, /* the path is the first */
        {AT_SYSINFO_EHDR, VDSO_BASE},
        {AT_NULL, 0},
    };
    for (unsigned i = 0; i < AUXV_LEN; i++) {
        pen_write(pen, auxv[i].tag);
        pen_write(pen, auxv[i].value);
    }
}

/* ---- All of it ---- */

/* argc, two arrays that each end by a null pointer, and auxv. */
static size_t
words_size(const struct exec_args *args)
{
    size_t pointers = (size_t)args->argc + 1 + args->envc + 1;
    return (1 + pointers) * sizeof(uint64_t) +
           AUXV_LEN * sizeof(struct auxv_entry);
}

static int
write_words(const struct exec_args *args, const struct elf_info *info,
            uint64_t linker, const struct segment segments[SEGMENTS])
{
    struct pen pen = {.at = segments[WORDS].at};
    uint64_t strings = segments[STRINGS].at;
    size_t offset = strlen(args->text) + 1; /* behind the path */
    pen_write(&pen, args->argc);
    pen_write_pointers(&pen, args, args->argc, strings, &offset);
    pen_write_pointers(&pen, args, args->envc, strings, &offset);
    pen_write_auxv(&pen, args, info, linker, segments);
    pen_flush(&pen);
    return pen.error;
}

int
exec_stack_build(const struct exec_args *args, const struct elf_info *info,
                 uint64_t linker, uint64_t *sp)
{
    uint8_t random[RANDOM_BYTES];
    struct segment segments[SEGMENTS] = {
        [STRINGS] = {.size = args->len, .align = 1},
        [RANDOM] = {.size = RANDOM_BYTES, .align = STACK_ALIGN},
        [WORDS] = {.size = words_size(args), .align = STACK_ALIGN},
    };
    place_segments(segments);
    random_fill(random, sizeof(random));
    *sp = segments[WORDS].at;
    int error = put_bytes(segments[STRINGS].at, args->text, args->len);
    error = error ?: put_bytes(segments[RANDOM].at, random, sizeof(random));
    return error ?: write_words(args, info, linker, segments);
}
