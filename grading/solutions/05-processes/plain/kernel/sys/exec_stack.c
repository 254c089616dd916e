/* All that lies below the strings is built as one image, and written at once.
 */
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

#define RANDOM_BYTES 16

/* Puts pointers to the next `count` strings behind *string, and the null
 * pointer that ends them; a string at p is at p + shift for the program.
 * Returns the word behind. */
static uint64_t *
put_pointers(uint64_t *word, unsigned count, const char **string,
             uint64_t shift)
{
    for (; count > 0; count--) {
        *word++ = (uint64_t)*string + shift;
        *string += strlen(*string) + 1;
    }
    *word++ = 0;
    return word;
}

/* From the top down: the strings, just as args has them (path, argv, envp); the
 * random bytes; auxv; envp; argv; and argc, where *sp is to point. What
 * pointers point to must have its place before they can be written.
 *
 * uaccess_write puts bytes at a user address (-EFAULT here means that the stack
 * could not grow: -ENOMEM), kzalloc lends memory to build in, random_fill gives
 * random bytes. The tags are in kernel/abi/auxv.h, all but AT_PLATFORM:
 *
 *   AT_PHDR, AT_PHNUM, AT_ENTRY   as info says; AT_PHENT: the size of one
 *   AT_BASE                       linker
 *   AT_PAGESZ, AT_FLAGS, AT_CLKTCK   PAGE_SIZE, 0, 100
 *   AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE   as args->cred says
 *   AT_HWCAP                      the first hart's letters (dev/platform.h)
 *   AT_RANDOM, AT_EXECFN          where the bytes are; where the path is
 *   AT_SYSINFO_EHDR               VDSO_BASE
 */
int
exec_stack_build(const struct exec_args *args, const struct elf_info *info,
                 uint64_t linker, uint64_t *sp)
{
    const struct cred *cred = args->cred;
    uint64_t path = ALIGN_DOWN(SPACE_STACK_TOP - args->len, 16);
    uint64_t random = path - RANDOM_BYTES;
    const uint64_t auxv[][2] = {
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
        {AT_HWCAP, platform_get()->harts[0].isa & PLATFORM_ISA_LETTERS},
        {AT_CLKTCK, 100},
        {AT_SECURE, cred_is_secure(cred)},
        {AT_RANDOM, random},
        {AT_EXECFN, path},
        {AT_SYSINFO_EHDR, VDSO_BASE},
        {AT_NULL, 0},
    };
    size_t nwords = 1 + args->argc + 1 + args->envc + 1;
    *sp = ALIGN_DOWN(random - nwords * sizeof(uint64_t) - sizeof(auxv), 16);
    size_t bytes = path - *sp;
    char *image = kzalloc(bytes);
    if (image == NULL)
        return -ENOMEM;

    uint64_t *word = (uint64_t *)image;
    const char *string = args->text + strlen(args->text) + 1;
    *word++ = args->argc;
    word = put_pointers(word, args->argc, &string, path - (uint64_t)args->text);
    word = put_pointers(word, args->envc, &string, path - (uint64_t)args->text);
    memcpy(word, auxv, sizeof(auxv));
    random_fill(image + bytes - RANDOM_BYTES, RANDOM_BYTES);
    int error = uaccess_write(uaddr(path), args->text, args->len)
                    ?: uaccess_write(uaddr(*sp), image, bytes);
    kfree(image);
    return error != 0 ? -ENOMEM : 0;
}
