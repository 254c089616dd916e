#include "arch/sbi.h"
#include "abi/errno.h"
#include "lib/fmt.h"

/* Extension and function numbers [sbi §4 to §10]. */
enum {
    EID_BASE = 0x10,
    EID_LEGACY_PUTCHAR = 0x01,
    EID_TIME = 0x54494d45,
    EID_IPI = 0x735049,
    EID_RFENCE = 0x52464e43,
    EID_HSM = 0x48534d,
    EID_SRST = 0x53525354,
    EID_DBCN = 0x4442434e,
};

enum {
    BASE_SPEC_VERSION = 0,
    BASE_IMPL_ID = 1,
    BASE_IMPL_VERSION = 2,
    BASE_PROBE = 3,
};

enum {
    SRST_SHUTDOWN = 0,
    SRST_COLD_REBOOT = 1,
};

enum {
    SRST_NO_REASON = 0,
    SRST_SYSTEM_FAILURE = 1,
};

/* Error codes [sbi §3]. */
enum {
    SBI_INVALID_PARAM = -3,
    SBI_ALREADY_AVAILABLE = -6,
};

struct sbi_result {
    int64_t error;
    int64_t value;
};

static uint64_t spec_version, impl_id, impl_version;
static bool has_dbcn, has_srst;

/* a7 and a6 choose the function, a0 and a1 return [sbi §3]. */
static struct sbi_result
call(uint64_t eid, uint64_t fid, uint64_t arg0, uint64_t arg1, uint64_t arg2,
     uint64_t arg3)
{
    register uint64_t a0 __asm__("a0") = arg0;
    register uint64_t a1 __asm__("a1") = arg1;
    register uint64_t a2 __asm__("a2") = arg2;
    register uint64_t a3 __asm__("a3") = arg3;
    register uint64_t a6 __asm__("a6") = fid;
    register uint64_t a7 __asm__("a7") = eid;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1)
                     : "r"(a2), "r"(a3), "r"(a6), "r"(a7)
                     : "memory");
    return (struct sbi_result){(int64_t)a0, (int64_t)a1};
}

static bool
has_extension(uint64_t eid)
{
    struct sbi_result r = call(EID_BASE, BASE_PROBE, eid, 0, 0, 0);
    return r.error == 0 && r.value != 0;
}

void
sbi_init(void)
{
    spec_version =
        (uint64_t)call(EID_BASE, BASE_SPEC_VERSION, 0, 0, 0, 0).value;
    impl_id = (uint64_t)call(EID_BASE, BASE_IMPL_ID, 0, 0, 0, 0).value;
    impl_version =
        (uint64_t)call(EID_BASE, BASE_IMPL_VERSION, 0, 0, 0, 0).value;
    has_dbcn = has_extension(EID_DBCN);
    has_srst = has_extension(EID_SRST);
}

void
sbi_describe(char *buf, size_t size)
{
    /* OpenSBI packs its version as major << 16 | minor. */
    const uint64_t opensbi = 1;
    if (impl_id == opensbi)
        snprintf(buf, size, "OpenSBI %lu.%lu, SBI %lu.%lu",
                 (unsigned long)(impl_version >> 16),
                 (unsigned long)(impl_version & 0xffff),
                 (unsigned long)(spec_version >> 24 & 0x7f),
                 (unsigned long)(spec_version & 0xffffff));
    else
        snprintf(buf, size, "SBI %lu.%lu, implementation %lu",
                 (unsigned long)(spec_version >> 24 & 0x7f),
                 (unsigned long)(spec_version & 0xffffff),
                 (unsigned long)impl_id);
}

void
sbi_console_write(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (has_dbcn)
            call(EID_DBCN, 2, (uint8_t)text[i], 0, 0, 0);
        else
            call(EID_LEGACY_PUTCHAR, 0, (uint8_t)text[i], 0, 0, 0);
    }
}

int
sbi_hart_start(uint64_t hartid, uint64_t pc, uint64_t opaque)
{
    switch (call(EID_HSM, 0, hartid, pc, opaque, 0).error) {
    case 0:
        return 0;
    case SBI_INVALID_PARAM:
        return -EINVAL;
    case SBI_ALREADY_AVAILABLE:
        return -EALREADY;
    default:
        return -EIO;
    }
}

void
sbi_set_timer(uint64_t tick)
{
    call(EID_TIME, 0, tick, 0, 0, 0);
}

void
sbi_send_ipi(uint64_t hartid)
{
    call(EID_IPI, 0, 1, hartid, 0, 0);
}

void
sbi_remote_sfence(uint64_t va, uint64_t size)
{
    /* A hart mask base of -1 means all harts [sbi §3.1]. */
    call(EID_RFENCE, 1, 0, (uint64_t)-1, va, size);
}

void
sbi_shutdown(bool failed)
{
    if (has_srst)
        call(EID_SRST, 0, SRST_SHUTDOWN,
             failed ? SRST_SYSTEM_FAILURE : SRST_NO_REASON, 0, 0);
}

void
sbi_reboot(void)
{
    if (has_srst)
        call(EID_SRST, 0, SRST_COLD_REBOOT, SRST_NO_REASON, 0, 0);
}
