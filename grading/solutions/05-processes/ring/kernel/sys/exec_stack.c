/* The layout is worked out first; then the strings are written, and the words
 * below them through a small window, from sp up: no memory is needed. */
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
#define WINDOW_WORDS 32u
#define SP_ALIGN     16u  /* [psabi §2.1] */
#define CLOCK_TICKS  100u /* in a second, of times(2) */

/* Where things are, from the top down: random bytes, strings, words. */
struct layout {
    uint64_t random, strings, sp;
};

/* What is written from sp on, word by word. */
struct window {
    uint64_t at; /* where words[0] goes */
    unsigned used;
    int error; /* the first one; nothing is written from then on */
    uint64_t words[WINDOW_WORDS];
};

static void
flush(struct window *window)
{
    size_t bytes = window->used * sizeof(uint64_t);
    if (window->error == 0)
        window->error = uaccess_write(uaddr(window->at), window->words, bytes);
    window->at += bytes;
    window->used = 0;
}

static void
put(struct window *window, uint64_t word)
{
    window->words[window->used++] = word;
    if (window->used == WINDOW_WORDS)
        flush(window);
}

/* Puts pointers to n strings, of which the first is *offset bytes into those of
 * args, and a null pointer; moves *offset behind them. */
static void
put_pointers(struct window *window, const struct exec_args *args,
             uint64_t strings, unsigned n, size_t *offset)
{
    for (; n > 0; n--) {
        put(window, strings + *offset);
        *offset += strlen(args->text + *offset) + 1;
    }
    put(window, 0);
}

#define AUXV_ENTRIES 18u

static void
put_auxv(struct window *window, const struct exec_args *args,
         const struct elf_info *info, uint64_t linker,
         const struct layout *layout)
{
    const struct cred *cred = args->cred;
    const uint64_t auxv[][2] = {
        {AT_PHDR, info->phdr},
        {AT_PHENT, sizeof(struct elf64_phdr)},
        {AT_PHNUM, info->phnum},
        {AT_ENTRY, info->entry},
        {AT_BASE, linker},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_FLAGS, 0},
        {AT_CLKTCK, CLOCK_TICKS},
        {AT_UID, cred->uid.real},
        {AT_EUID, cred->uid.effective},
        {AT_GID, cred->gid.real},
        {AT_EGID, cred->gid.effective},
        {AT_SECURE, cred_is_secure(cred)},
        {AT_HWCAP, platform_get()->harts[0].isa & PLATFORM_ISA_LETTERS},
        {AT_RANDOM, layout->random},
        {AT_EXECFN, layout->strings},
        {AT_SYSINFO_EHDR, VDSO_BASE},
        {AT_NULL, 0},
    };
    _Static_assert(ARRAY_LEN(auxv) == AUXV_ENTRIES, "layout counts them");
    for (unsigned i = 0; i < AUXV_ENTRIES; i++) {
        put(window, auxv[i][0]);
        put(window, auxv[i][1]);
    }
}

static struct layout
lay_out(const struct exec_args *args)
{
    struct layout layout;
    /* argc, both arrays with what ends them, auxv */
    uint64_t words = 1 + ((uint64_t)args->argc + 1) +
                     ((uint64_t)args->envc + 1) + 2 * AUXV_ENTRIES;
    layout.random = SPACE_STACK_TOP - RANDOM_BYTES;
    layout.strings = layout.random - args->len;
    layout.sp = ALIGN_DOWN(layout.strings - words * sizeof(uint64_t),
                           (uint64_t)SP_ALIGN);
    return layout;
}

static int
write_strings(const struct exec_args *args, const struct layout *layout)
{
    uint8_t random[RANDOM_BYTES];
    random_fill(random, sizeof(random));
    if (uaccess_write(uaddr(layout->random), random, sizeof(random)) != 0 ||
        uaccess_write(uaddr(layout->strings), args->text, args->len) != 0)
        return -ENOMEM;
    return 0;
}

int
exec_stack_build(const struct exec_args *args, const struct elf_info *info,
                 uint64_t linker, uint64_t *sp)
{
    struct layout layout = lay_out(args);
    int error = write_strings(args, &layout);
    if (error != 0)
        return error;
    struct window window = {.at = layout.sp};
    size_t offset = strlen(args->text) + 1; /* behind the path */
    put(&window, args->argc);
    put_pointers(&window, args, layout.strings, args->argc, &offset);
    put_pointers(&window, args, layout.strings, args->envc, &offset);
    put_auxv(&window, args, info, linker, &layout);
    flush(&window);
    *sp = layout.sp;
    return window.error == 0 ? 0 : -ENOMEM;
}
