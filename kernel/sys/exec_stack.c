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

int
exec_stack_build(const struct exec_args *args, const struct elf_info *info,
                 uint64_t linker, uint64_t *sp)
{
    uint8_t random[16];
    uint64_t text_at = ALIGN_DOWN(SPACE_STACK_TOP - args->len, 16);
    uint64_t random_at = text_at - sizeof(random);
    const uint64_t auxv[][2] = {
        {AT_PHDR, info->phdr},
        {AT_PHENT, sizeof(struct elf64_phdr)},
        {AT_PHNUM, info->phnum},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_BASE, linker},
        {AT_FLAGS, 0},
        {AT_ENTRY, info->entry},
        {AT_UID, args->cred->uid.real},
        {AT_EUID, args->cred->uid.effective},
        {AT_GID, args->cred->gid.real},
        {AT_EGID, args->cred->gid.effective},
        {AT_HWCAP, platform_get()->harts[0].isa & PLATFORM_ISA_LETTERS},
        {AT_CLKTCK, 100},
        {AT_SECURE, cred_is_secure(args->cred)},
        {AT_RANDOM, random_at},
        {AT_EXECFN, text_at},
        {AT_SYSINFO_EHDR, VDSO_BASE},
        {AT_NULL, 0},
    };
    size_t size = (1 + args->argc + 1 + args->envc + 1) * sizeof(uint64_t);
    uint64_t *pointers = kzalloc(size);
    if (!pointers)
        return -ENOMEM;
    pointers[0] = args->argc;
    size_t text = strlen(args->text) + 1;
    for (unsigned i = 0; i < args->argc + args->envc; i++) {
        pointers[1 + i + (i >= args->argc)] = text_at + text; /* a 0 between */
        text += strlen(args->text + text) + 1;
    }
    random_fill(random, sizeof(random));
    *sp = ALIGN_DOWN(random_at - size - sizeof(auxv), 16);
    int error = uaccess_write(uaddr(*sp), pointers, size);
    error = error ?: arg_write(*sp + size, &auxv);
    error = error ?: arg_write(random_at, &random);
    error = error ?: uaccess_write(uaddr(text_at), args->text, args->len);
    kfree(pointers);
    return error == -EFAULT ? -ENOMEM : error;
}
