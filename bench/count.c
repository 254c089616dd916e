/* A plugin of QEMU's that counts the instructions of each hart between marks
 * that a program of the guest sets (user/lib/riscv.h).
 *
 *     qemu-system-riscv64 -plugin build/host/count.so,out=FILE ...
 *
 * FILE gets a line for each pair of marks: the instructions of hart 0, of hart
 * 1 and so on, which other harts went through meanwhile included. A hart that
 * is idle goes through none; one that waits for a lock does.
 *
 * A block of instructions counts when it is entered, also one that a fault ends
 * before its end. QEMU's own counting inline is not for each hart before QEMU
 * 9, and harts would lose each other's; a call for each block is in all of
 * them.
 *
 * The interface is declared here as far as it is used, for QEMU's packages have
 * no header of it: QEMU's manual, TCG Plugins. Versions 1 (QEMU 4.2 to 8.2) to
 * 4 (10.0) have all of this alike, but for what is said below. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EXPORT  __attribute__((visibility("default")))
#define HARTS   64
#define NO_REGS 0          /* QEMU_PLUGIN_CB_NO_REGS */
#define MARK    0x00002013 /* slti zero, zero, 0 */
#define IMM(n)  ((uint32_t)(n) << 20)
#define BEGIN   (MARK | IMM(1))
#define END     (MARK | IMM(2))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

struct qemu_info {
    const char *target_name;
    struct {
        int min, cur;
    } version;
    bool is_system;
    struct {
        int harts, most_harts;
    } system;
};

typedef void block_translated(uint64_t id, struct qemu_plugin_tb *block);
typedef void executed(unsigned hart, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, block_translated *f);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          executed *f, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            executed *f, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

/* Until version 2 it returns where the bytes are; since 3 it copies up to size
 * of them, and returns how many. */
uintptr_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *into,
                                size_t size);

/* Only since version 2, which is the oldest that QEMU takes then. */
__attribute__((weak)) void *qemu_plugin_scoreboard_new(size_t size);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info,
                               int argc, char **argv);

static bool copies_bytes;
static int harts;
static FILE *out;

/* Written by one hart each; a line of a cache, lest they share one. */
static struct {
    _Alignas(64) uint64_t now;
    uint64_t begun; /* written by who sets a mark */
} counts[HARTS];

/* Before QEMU looks at the version. */
__attribute__((constructor)) static void
choose_version(void)
{
    if (qemu_plugin_scoreboard_new)
        qemu_plugin_version = 2;
}

static void
count_block(unsigned hart, void *instructions)
{
    uint64_t sum = counts[hart].now + (uintptr_t)instructions;
    __atomic_store_n(&counts[hart].now, sum, __ATOMIC_RELAXED);
}

static uint64_t
so_far(int hart)
{
    return __atomic_load_n(&counts[hart].now, __ATOMIC_RELAXED);
}

static void
begin(unsigned hart, void *data)
{
    (void)hart, (void)data;
    for (int i = 0; i < harts; i++)
        counts[i].begun = so_far(i);
}

static void
end(unsigned hart, void *data)
{
    uint64_t now[HARTS];

    (void)hart, (void)data;
    for (int i = 0; i < harts; i++)
        now[i] = so_far(i);
    for (int i = 0; i < harts; i++)
        fprintf(out, "%" PRIu64 "%c", now[i] - counts[i].begun,
                i + 1 < harts ? ' ' : '\n');
    fflush(out);
}

/* The instruction's bits, 0 if it is a compressed one. */
static uint32_t
bits_of(const struct qemu_plugin_insn *insn)
{
    uint32_t bits = 0;

    if (qemu_plugin_insn_size(insn) != sizeof(bits))
        return 0;
    uintptr_t bytes = qemu_plugin_insn_data(insn, &bits, sizeof(bits));
    if (!copies_bytes)
        memcpy(&bits, (const void *)bytes, sizeof(bits));
    return bits;
}

static void
look_at(uint64_t id, struct qemu_plugin_tb *block)
{
    size_t count = qemu_plugin_tb_n_insns(block);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(block, count_block, NO_REGS,
                                         (void *)count);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint32_t bits = bits_of(insn);
        if (bits == BEGIN || bits == END)
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, bits == BEGIN ? begin : end, NO_REGS, NULL);
    }
}

int
qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc,
                    char **argv)
{
    copies_bytes = info->version.cur >= 3;
    harts = info->is_system ? info->system.harts : 0;
    if (argc == 1 && strncmp(argv[0], "out=", 4) == 0)
        out = fopen(argv[0] + 4, "w");
    if (!out || harts < 1 || harts > HARTS) {
        fprintf(stderr, "count: a file out=FILE, and 1 to %d harts\n", HARTS);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, look_at);
    return 0;
}
