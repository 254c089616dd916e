#include "arch/sbi.h"
#include "lib/fmt.h"

/* Extensions, with the functions and arguments used of each [sbi §4 to §10]. */
enum { LEGACY_PUTCHAR = 0x01 };
enum { BASE = 0x10, SPEC_VERSION = 0, IMPL_ID, IMPL_VERSION, PROBE };
enum { DBCN = 0x4442434e, WRITE_BYTE = 2 };
enum { HSM = 0x48534d, HART_START = 0 };
enum { IPI = 0x735049, SEND = 0 };
enum {
    RFENCE = 0x52464e43,
    REMOTE_FENCE_I = 0,
    REMOTE_SFENCE_VMA,
    REMOTE_SFENCE_VMA_ASID
};
enum {
    SRST = 0x53525354,
    RESET = 0,
    SHUTDOWN = 0,
    COLD_REBOOT,
    SYSTEM_FAILURE = 1
};
enum { TIME = 0x54494d45, SET_TIMER = 0 };

struct sbi_result {
    int64_t error;
    uint64_t value;
};

static bool has_dbcn;

/* a7 and a6 choose the function, a0 and a1 return [sbi §3]. */
static struct sbi_result
call(uint64_t eid, uint64_t fid, uint64_t arg0, uint64_t arg1, uint64_t arg2,
     uint64_t arg3, uint64_t arg4)
{
    register uint64_t a0 __asm__("a0") = arg0;
    register uint64_t a1 __asm__("a1") = arg1;
    register uint64_t a2 __asm__("a2") = arg2;
    register uint64_t a3 __asm__("a3") = arg3;
    register uint64_t a4 __asm__("a4") = arg4;
    register uint64_t a6 __asm__("a6") = fid;
    register uint64_t a7 __asm__("a7") = eid;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1)
                     : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
                     : "memory");
    return (struct sbi_result){(int64_t)a0, a1};
}

static uint64_t
ask_base(uint64_t fid, uint64_t arg)
{
    return call(BASE, fid, arg, 0, 0, 0, 0).value;
}

void
sbi_init(void)
{
    has_dbcn = ask_base(PROBE, DBCN) != 0;
}

void
sbi_describe(char *buf, size_t size)
{
    uint64_t spec = ask_base(SPEC_VERSION, 0), id = ask_base(IMPL_ID, 0);
    uint64_t version = ask_base(IMPL_VERSION, 0);
    unsigned long major = spec >> 24 & 0x7f, minor = spec & 0xffffff;
    /* OpenSBI, number 1, packs its version as major << 16 | minor. */
    if (id == 1)
        snprintf(buf, size, "OpenSBI %lu.%lu, SBI %lu.%lu", version >> 16,
                 version & 0xffff, major, minor);
    else
        snprintf(buf, size, "SBI %lu.%lu, implementation %lu", major, minor,
                 id);
}

void
sbi_console_write(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        call(has_dbcn ? DBCN : LEGACY_PUTCHAR, has_dbcn ? WRITE_BYTE : 0,
             (uint8_t)text[i], 0, 0, 0, 0);
}

int
sbi_hart_start(uint64_t hartid, uint64_t pc, uint64_t opaque)
{
    return call(HSM, HART_START, hartid, pc, opaque, 0, 0).error ? -EIO : 0;
}

void
sbi_set_timer(uint64_t tick)
{
    call(TIME, SET_TIMER, tick, 0, 0, 0, 0);
}

void
sbi_send_ipi(uint64_t hartid)
{
    call(IPI, SEND, 1, hartid, 0, 0, 0);
}

void
sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size, uint64_t asid)
{
    /* Of a mask of harts the first one is hartid; or that is -1, and means
     * all harts [sbi §3.1]. */
    call(RFENCE,
         asid == SBI_ALL_SPACES ? REMOTE_SFENCE_VMA : REMOTE_SFENCE_VMA_ASID, 1,
         hartid, va, size, asid);
}

void
sbi_remote_fence_i(void)
{
    call(RFENCE, REMOTE_FENCE_I, 0, (uint64_t)-1, 0, 0, 0);
}

void
sbi_shutdown(bool failed)
{
    call(SRST, RESET, SHUTDOWN, failed ? SYSTEM_FAILURE : 0, 0, 0, 0);
}

void
sbi_reboot(void)
{
    call(SRST, RESET, COLD_REBOOT, 0, 0, 0, 0);
}
