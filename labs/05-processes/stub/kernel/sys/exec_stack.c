#include "sys/exec_stack.h"
#include "abi/auxv.h"
#include "abi/elf.h"
#include "arch/vdso.h"
#include "dev/platform.h"
#include "dev/random.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/space.h"
#include "proc/cred.h"
#include "sys/sys.h"

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
    LAB_TODO(5);
}
