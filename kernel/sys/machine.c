/* System calls about the names and the harts of this machine. */
#include "arch/sbi.h"
#include "dev/platform.h"
#include "proc/signal.h"
#include "proc/uts.h"
#include "sys/sys.h"

SYSCALL_DEFINE(uname)
{
    struct utsname names;
    uts_get(&names);
    return arg_write(arg[0], &names);
}

static int64_t
set_name(enum uts_name which, const uint64_t arg[6])
{
    char name[UTS_NAME_MAX];
    if (!cred_is_root(cred_current()))
        return -EPERM;
    if (arg[1] > sizeof(name))
        return -EINVAL;
    int error = uaccess_read(name, uaddr(arg[0]), arg[1]);
    if (error == 0)
        uts_set(which, name, arg[1]);
    return error;
}

SYSCALL_IS(sethostname, set_name(UTS_NODE, arg))
SYSCALL_IS(setdomainname, set_name(UTS_DOMAIN, arg))

/* All memory is equally near: there is node 0 alone. */
SYSCALL_DEFINE(getcpu)
{
    uint32_t cpu = thread_current()->arch.cpu->index, node = 0;
    return arg_write_if(arg[0], &cpu) ?: arg_write_if(arg[1], &node);
}

/* There is one personality, Linux's own, without its flags. */
SYSCALL_DEFINE(personality)
{
    uint32_t wish = (uint32_t)arg[0];
    return wish == 0 || wish == UINT32_MAX ? 0 : -EINVAL;
}

/* Keys of riscv_hwprobe and bits of their values, as Linux has them. */
enum { BASE_BEHAVIOR = 3, IMA_EXT_0 = 4, CPUPERF_0 = 5 };
enum { BEHAVIOR_IMA = 1, EXT_FD = 1, EXT_C = 2, MISALIGNED_UNKNOWN = 0 };

struct hwprobe {
    int64_t key;
    uint64_t value;
};

static void
probe(struct hwprobe *pair)
{
    uint32_t isa = platform_get()->harts[0].isa;
    bool has_fd = (isa & PLATFORM_ISA('f')) && (isa & PLATFORM_ISA('d'));
    pair->value = 0;
    switch (pair->key) {
    case BASE_BEHAVIOR:
        pair->value = BEHAVIOR_IMA;
        break;
    case IMA_EXT_0:
        pair->value =
            (has_fd ? EXT_FD : 0) | (isa & PLATFORM_ISA('c') ? EXT_C : 0);
        break;
    case CPUPERF_0:
        pair->value = MISALIGNED_UNKNOWN;
        break;
    default:
        pair->key = -1;
    }
}

/* All harts are alike, so it does not matter which are asked about. */
SYSCALL_DEFINE(riscv_hwprobe)
{
    int error = arg[4] != 0 ? -EINVAL : 0;
    for (uint64_t i = 0; error == 0 && i < arg[1]; i++) {
        struct hwprobe pair;
        uint64_t at = arg[0] + i * sizeof(pair);
        error = arg_read(&pair, at);
        if (error == 0)
            probe(&pair);
        error = error ?: arg_write(at, &pair);
        if (signal_killed_meanwhile())
            error = -EINTR;
    }
    return error;
}

#define FLUSH_ICACHE_LOCAL 1u /* this thread will do, wherever it goes */

SYSCALL_DEFINE(riscv_flush_icache)
{
    if (arg[2] & ~(uint64_t)FLUSH_ICACHE_LOCAL)
        return -EINVAL;
    sbi_remote_fence_i();
    return 0;
}

/* Commands of membarrier: what one does, and what announces that it will be
 * used, which need not be known here. */
#define MEMBARRIER_DO       (1ul | 2ul | 8ul | 32ul)
#define MEMBARRIER_ANNOUNCE (4ul | 16ul | 64ul)

/* Every hart is interrupted and waited for by the firmware, which orders what
 * it did before against what this one does next, and the other way round. */
SYSCALL_DEFINE(membarrier)
{
    uint64_t command = (uint32_t)arg[0];
    if (arg[1] != 0 || command & ~(MEMBARRIER_DO | MEMBARRIER_ANNOUNCE) ||
        command & (command - 1))
        return -EINVAL;
    if (command & MEMBARRIER_DO)
        sbi_remote_fence_i();
    return command == 0 ? (int64_t)(MEMBARRIER_DO | MEMBARRIER_ANNOUNCE) : 0;
}
