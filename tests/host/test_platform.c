// SOURCES: kernel/lib/fdt.c kernel/lib/fdt_bus.c kernel/dev/platform.c
// SOURCES: kernel/dev/aia.c kernel/dev/isa.c tests/host/dtbs.c
// LIBS: -lfdt
/* What struct platform says of each tree, fact by fact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "dev/aia.h"
#include "dev/platform.h"
#include "dtbs.h"
#include "lib/print.h"
#include "lib/string.h"

#define DTB_PHYSICAL 0x87e00000ull

#define RV64IMAC                                                 \
    (PLATFORM_ISA('i') | PLATFORM_ISA('m') | PLATFORM_ISA('a') | \
     PLATFORM_ISA('c'))
#define RV64GC (RV64IMAC | PLATFORM_ISA('f') | PLATFORM_ISA('d'))

static char log_text[8192];

void
print(enum print_level level, const char *format, ...)
{
    assert_int_equal(level, PRINT_WARN);
    size_t used = strlen(log_text);
    va_list args;
    va_start(args, format);
    vsnprintf(log_text + used, sizeof(log_text) - used, format, args);
    va_end(args);
}

static const struct platform *
init(const char *name)
{
    const struct dtb *dtb = dtb_get(name);
    const char *why;
    log_text[0] = '\0';
    assert_int_equal(platform_init(dtb->blob, DTB_PHYSICAL, dtb->size, &why),
                     0);
    assert_null(why);
    return platform_get();
}

static void
assert_range(const struct fdt_range *range, uint64_t base, uint64_t size)
{
    assert_int_equal(range->base, base);
    assert_int_equal(range->size, size);
}

static void
assert_device(const struct platform_device *device, uint64_t base,
              uint64_t size, unsigned irq)
{
    assert_true(device->present);
    assert_range(&device->regs, base, size);
    assert_int_equal(device->irq, irq);
}

static void
assert_bootarg(const char *name, const char *value)
{
    size_t len;
    const char *found = bootarg_find(name, &len);
    if (value == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(len, strlen(value));
    assert_memory_equal(found, value, len);
}

/* How many nodes were passed over for this reason. */
static unsigned
count_ignored(const char *why)
{
    unsigned n = 0;
    for (const char *at = log_text; (at = strstr(at, why)) != NULL; at++)
        n++;
    return n;
}

/* ---- QEMU's board ---- */

static void
check_qemu_devices(const struct platform *p)
{
    assert_string_equal(p->model, "riscv-virtio,qemu");
    assert_int_equal(p->timebase_hz, 10000000);
    assert_true(p->uart.device.present);
    assert_range(&p->uart.device.regs, 0x10000000, 0x100);
    assert_int_equal(p->uart.reg_shift, 0);
    assert_int_equal(p->uart.io_width, 1);
    assert_true(p->finisher.present);
    assert_range(&p->finisher.regs, 0x100000, 0x1000);
    assert_true(p->rtc.present);
    assert_range(&p->rtc.regs, 0x101000, 0x1000);
    assert_int_equal(p->nvirtio, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_range(&p->virtio[i].regs, 0x10001000 + i * 0x1000ull, 0x1000);
    assert_string_equal(log_text, "");
}

/* Undoes the numbering over all PLICs. */
static unsigned
source_of(const struct platform *p, unsigned irq)
{
    for (unsigned i = 0; i < p->nplics; i++)
        if (irq >= p->plics[i].first &&
            irq - p->plics[i].first < p->plics[i].nsources)
            return irq - p->plics[i].first + 1;
    return 0;
}

static void
check_qemu_irqs(const struct platform *p)
{
    assert_int_equal(source_of(p, p->uart.device.irq), 10);
    assert_int_equal(source_of(p, p->rtc.irq), 11);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(source_of(p, p->virtio[i].irq), i + 1);
}

static void
check_qemu_harts(const struct platform *p, unsigned count)
{
    assert_int_equal(p->nharts, count);
    for (unsigned i = 0; i < count; i++) {
        const struct platform_hart *hart = &p->harts[i];
        assert_int_equal(platform_hart(i)->id, i);
        assert_int_equal(hart->isa & RV64GC, RV64GC);
        assert_memory_equal(hart->mmu, "sv", 2);
        assert_memory_equal(hart->isa_string, "rv64imafdc", 10);
    }
    assert_null(platform_hart(count));
}

static void
check_memory(const struct platform *p, uint64_t megabytes)
{
    assert_int_equal(p->map.nram, 1);
    assert_range(&p->map.ram[0], 0x80000000, megabytes << 20);
    assert_int_equal(p->memory_size, megabytes << 20);
    /* The blob and nothing else. */
    assert_int_equal(p->map.nreserved, 1);
    assert_range(&p->map.reserved[0], DTB_PHYSICAL, p->tree.total_size);
}

static void
test_qemu_harts(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 8; n++) {
        char name[16];
        snprintf(name, sizeof(name), "qemu-smp%u", n);
        const struct platform *p = init(name);
        check_qemu_devices(p);
        check_qemu_irqs(p);
        check_qemu_harts(p, n);
        check_memory(p, 128);
        assert_int_equal(p->nplics, 1);
        assert_range(&p->plics[0].regs, 0xc000000,
                     0x200000 + 2 * n * 0x1000ull + 0x400000 -
                         2 * n * 0x1000ull);
        assert_int_equal(p->plics[0].ncontexts, 2 * n);
        for (unsigned i = 0; i < n; i++) {
            const struct platform_hart *hart = &p->harts[i];
            assert_int_equal(hart->plic, 0);
            assert_int_equal(hart->context, 2 * hart->id + 1);
            assert_true(hart->isa & PLATFORM_ISA_SSTC);
        }
    }
    const struct platform *p = init("qemu-no-sstc");
    assert_false(p->harts[0].isa & PLATFORM_ISA_SSTC);
}

static void
test_qemu_memory(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t megabytes;
    } sizes[] = {{"qemu-mem32M", 32},   {"qemu-mem64M", 64},
                 {"qemu-mem256M", 256}, {"qemu-mem1G", 1024},
                 {"qemu-mem2G", 2048},  {"qemu-mem4G", 4096},
                 {"qemu-mem8G", 8192}};
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        const struct platform *p = init(sizes[i].name);
        check_memory(p, sizes[i].megabytes);
        check_qemu_harts(p, 4);
        check_qemu_devices(p);
    }
}

static void
check_qemu_aia(const struct platform *p, unsigned nharts, unsigned ids)
{
    assert_int_equal(p->nplics, 1);
    assert_int_equal(p->plics[0].ncontexts, nharts);
    assert_int_equal(p->plics[0].aia->ids, ids);
    for (unsigned i = 0; i < nharts; i++) {
        assert_int_equal(p->harts[i].plic, 0);
        assert_int_equal(p->harts[i].context, p->harts[i].id);
        assert_int_equal(p->plics[0].aia->hart_index[i], i);
    }
    for (unsigned i = 0; i < p->nvirtio; i++)
        assert_int_equal(aia_source_modes[p->virtio[i].irq], 6);
}

static void
test_qemu_aclint_and_aia(void **state)
{
    (void)state;
    static const unsigned counts[] = {1, 4, 8};
    for (unsigned i = 0; i < ARRAY_LEN(counts); i++) {
        char name[16];
        snprintf(name, sizeof(name), "qemu-aclint%u", counts[i]);
        const struct platform *p = init(name);
        check_qemu_devices(p);
        check_qemu_irqs(p);
        check_qemu_harts(p, counts[i]);
        assert_false(p->aia.present);

        snprintf(name, sizeof(name), "qemu-aplic%u", counts[i]);
        p = init(name);
        check_qemu_devices(p);
        check_qemu_harts(p, counts[i]);
        check_qemu_irqs(p);
        check_qemu_aia(p, counts[i], 0);

        snprintf(name, sizeof(name), "qemu-imsic%u", counts[i]);
        p = init(name);
        check_qemu_devices(p);
        check_qemu_irqs(p);
        check_qemu_aia(p, counts[i], 255);
    }
    const struct platform *p = init("qemu-numa2-imsic");
    assert_int_equal(p->nplics, 2);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(p->plics[1].aia->hart_index[i], i);
}

static void
test_qemu_numa(void **state)
{
    (void)state;
    static const char *const names[] = {"qemu-numa2", "qemu-numa2-aclint",
                                        "qemu-numa2-one-each"};
    static const unsigned harts[] = {4, 8, 2}, megabytes[] = {256, 512, 128};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        const struct platform *p = init(names[i]);
        check_qemu_devices(p);
        check_qemu_irqs(p);
        check_qemu_harts(p, harts[i]);
        check_memory(p, megabytes[i]); /* two ranges that touch */
        assert_int_equal(p->nplics, 2);
        for (unsigned h = 0; h < harts[i]; h++) {
            const struct platform_hart *hart = &p->harts[h];
            /* Each PLIC has two contexts for each hart of its node. */
            unsigned of_node = harts[i] / 2;
            const struct platform_plic *plic = &p->plics[hart->plic];
            assert_true(hart->plic >= 0);
            assert_int_equal(plic->ncontexts, 2 * of_node);
            assert_int_equal(hart->context, 2 * (hart->id % of_node) + 1);
        }
    }
}

/* ---- Hand-written trees ---- */

static void
test_moved(void **state)
{
    (void)state;
    const struct platform *p = init("moved");
    assert_string_equal(log_text, "");
    assert_string_equal(p->model, "test,moved board");
    assert_int_equal(p->timebase_hz, 32768);

    assert_range(&p->uart.device.regs, 0x20000100, 0xf00);
    assert_int_equal(p->uart.device.irq, 7);
    assert_int_equal(p->uart.reg_shift, 2);
    assert_int_equal(p->uart.io_width, 4);

    assert_int_equal(p->nvirtio, 3);
    assert_device(&p->virtio[0], 0x70000000, 0x200, 31);
    assert_device(&p->virtio[1], 0x70002000, 0x200, 33);
    assert_device(&p->virtio[2], 0x9070001000, 0x200, 32);
    assert_device(&p->rtc, 0x70100000, 0x1000, 40);
    assert_device(&p->finisher, 0x50000, 0x1000, 0);

    assert_int_equal(p->map.nram, 1);
    assert_range(&p->map.ram[0], 0x40000000, 0x10000000);
    assert_int_equal(p->map.nreserved, 3);
    assert_range(&p->map.reserved[0], 0x40000000, 0x10000);
    assert_range(&p->map.reserved[1], 0x48000000, 0x123456);
    assert_range(&p->initrd, 0x48000000, 0x123456);
}

static void
test_moved_harts(void **state)
{
    (void)state;
    const struct platform *p = init("moved");
    assert_int_equal(p->nharts, 3);
    assert_int_equal(p->harts[0].id, 7);
    assert_string_equal(p->harts[0].mmu, "sv48");
    assert_int_equal(p->harts[0].isa, RV64GC | PLATFORM_ISA_SSTC);
    assert_int_equal(p->harts[1].id, 0x100000003);
    assert_string_equal(p->harts[1].mmu, "none");
    assert_int_equal(p->harts[1].isa, RV64GC);
    assert_int_equal(p->harts[2].id, 5);
    assert_string_equal(p->harts[2].mmu, "sv57");
    assert_int_equal(p->harts[2].isa, RV64IMAC | PLATFORM_ISA_SSTC);

    assert_int_equal(p->nplics, 1);
    assert_int_equal(p->plics[0].nsources, 53);
    assert_int_equal(p->plics[0].ncontexts, 4);
    assert_int_equal(p->harts[0].plic, 0);
    assert_int_equal(p->harts[0].context, 0);
    assert_int_equal(p->harts[1].plic, PLATFORM_NONE);
    assert_int_equal(p->harts[2].plic, 0);
    assert_int_equal(p->harts[2].context, 3);
}

static void
test_chosen(void **state)
{
    (void)state;
    static const uint8_t seed[] = {0x01, 0x23, 0x45, 0x67, 0x89,
                                   0xab, 0xcd, 0xef, 0x10, 0x32};
    const struct platform *p = init("moved");
    assert_int_equal(p->rng_seed_len, sizeof(seed));
    assert_memory_equal(p->rng_seed, seed, sizeof(seed));
    assert_bootarg("root", "/dev/vda");
    assert_bootarg("quiet", "");
    assert_bootarg("init", "");
    assert_bootarg("panic", "halt");
    assert_bootarg("pani", NULL);
    assert_bootarg("halt", NULL);
    assert_bootarg("quietly", NULL);

    p = init("buses"); /* has no /chosen */
    assert_string_equal(p->bootargs, "");
    assert_int_equal(p->rng_seed_len, 0);
    assert_int_equal(p->initrd.size, 0);
    assert_bootarg("root", NULL);
}

static void
test_disabled(void **state)
{
    (void)state;
    const struct platform *p = init("disabled");
    assert_string_equal(log_text, "");
    assert_int_equal(p->nharts, 1);
    assert_int_equal(p->harts[0].id, 1);
    assert_int_equal(p->harts[0].plic, 0);
    assert_int_equal(p->harts[0].context, 3);
    assert_int_equal(p->nplics, 1);
    assert_int_equal(p->plics[0].ncontexts, 4);
    assert_int_equal(p->map.nram, 1);
    assert_range(&p->map.ram[0], 0x80000000, 0x4000000);
    assert_int_equal(p->map.nreserved, 1); /* the blob */
    assert_true(p->uart.device.present);
    assert_range(&p->uart.device.regs, 0x10001000, 0x100);
    assert_int_equal(p->uart.device.irq, 2);
    assert_false(p->rtc.present);
    assert_int_equal(p->nvirtio, 2);
    assert_device(&p->virtio[0], 0x11001000, 0x1000, 5);
    assert_device(&p->virtio[1], 0x11003000, 0x1000, 0);
}

static void
test_memory(void **state)
{
    (void)state;
    const struct platform *p = init("memory");
    assert_int_equal(p->map.nram, 4);
    assert_range(&p->map.ram[0], 0x60000000, 0x100000);
    assert_range(&p->map.ram[1], 0x80000000, 0x18000000);
    assert_range(&p->map.ram[2], 0xa0000000, 0x11000000);
    assert_range(&p->map.ram[3], 0x200000000, 0x40000000);
    assert_int_equal(p->memory_size,
                     0x100000 + 0x18000000 + 0x11000000 + 0x40000000ull);
    /* One is beyond what a physical address can be. */
    assert_int_equal(count_ignored("no valid reg"), 1);
    assert_non_null(strstr(log_text, "memory@ff00000000000000 ignored"));

    assert_int_equal(p->map.nreserved, 6);
    assert_range(&p->map.reserved[0], 0x80000000, 0x80000);
    assert_range(&p->map.reserved[1], 0x23fff0000, 0x10000);
    assert_range(&p->map.reserved[2], 0x80000000, 0x40000);
    assert_range(&p->map.reserved[3], 0x80100000, 0x1000);
    assert_range(&p->map.reserved[4], 0xa0000000, 0x800000);
    for (unsigned i = 0; i < p->map.nreserved; i++)
        assert_int_equal(p->map.no_map[i], i == 2 || i == 3);
}

static void
test_buses(void **state)
{
    (void)state;
    const struct platform *p = init("buses");
    assert_int_equal(p->nplics, 2);
    assert_range(&p->plics[0].regs, 0x100000000, 0x600000);
    assert_range(&p->plics[1].regs, 0x101000000, 0x600000);
    assert_int_equal(p->harts[0].plic, 0);
    assert_int_equal(p->harts[0].context, 1);
    assert_int_equal(p->harts[1].plic, 1);
    assert_int_equal(p->harts[1].context, 0);

    assert_int_equal(p->nvirtio, 5);
    assert_device(&p->virtio[0], 0x30001000, 0x1000, 11);
    assert_device(&p->virtio[1], 0x30100000, 0x200, 14);
    assert_device(&p->virtio[2], 0x31000000, 0x1000, 64 + 3);
    assert_device(&p->virtio[3], 0x32000000, 0x1000, 0);
    assert_device(&p->virtio[4], 0x108002000, 0x200, 64 + 12);
    assert_range(&p->uart.device.regs, 0x108003000, 0x100);
    assert_int_equal(p->plics[1].first, 65);
    assert_int_equal(p->uart.device.irq, 64 + 15);
    /* Two outside the windows, one on a bus without any. */
    assert_int_equal(count_ignored("no valid reg"), 3);
}

/* ---- Boards that exist ---- */

/* Harts 1 to 4 are as programs need them, and each has the second of its two
 * contexts behind that of hart 0. */
static void
check_u74_harts(const struct platform *p)
{
    assert_int_equal(p->nplics, 1);
    assert_range(&p->plics[0].regs, 0xc000000, 0x4000000);
    assert_int_equal(p->plics[0].ncontexts, 9);
    for (unsigned id = 1; id <= 4; id++) {
        const struct platform_hart *hart = platform_hart(id);
        assert_non_null(hart);
        assert_string_equal(hart->mmu, "sv39");
        assert_int_equal(hart->isa, RV64GC);
        assert_int_equal(hart->plic, 0);
        assert_int_equal(hart->context, 2 * id);
    }
    assert_null(platform_hart(5));
}

/* Neither board's UART is one that we know, and neither has virtio. */
static void
check_unknown_devices(const struct platform *p)
{
    assert_string_equal(log_text, "");
    assert_false(p->uart.device.present);
    assert_false(p->rtc.present);
    assert_false(p->finisher.present);
    assert_false(p->aia.present);
    assert_int_equal(p->nvirtio, 0);
}

static void
test_unmatched(void **state)
{
    (void)state;
    const struct platform *p = init("unmatched");
    assert_string_equal(p->model, "SiFive HiFive Unmatched A00");
    assert_int_equal(p->timebase_hz, 1000000);
    check_u74_harts(p);
    assert_int_equal(p->nharts, 4); /* the S7 is disabled */
    assert_int_equal(p->plics[0].nsources, 69);
    check_unknown_devices(p);
    assert_int_equal(p->map.nram, 1);
    assert_range(&p->map.ram[0], 0x80000000, 16ull << 30);
    assert_int_equal(p->map.nreserved, 1); /* the blob */
}

static void
test_visionfive2(void **state)
{
    (void)state;
    const struct platform *p = init("visionfive2");
    assert_string_equal(p->model, "StarFive VisionFive 2 v1.3B");
    assert_int_equal(p->timebase_hz, 4000000);
    check_u74_harts(p);
    assert_int_equal(p->nharts, 5);
    /* The kernel starts no hart without an MMU. */
    assert_string_equal(platform_hart(0)->mmu, "none");
    assert_int_equal(platform_hart(0)->isa, RV64IMAC);
    assert_int_equal(platform_hart(0)->plic, PLATFORM_NONE);
    assert_int_equal(p->plics[0].nsources, 136);
    check_unknown_devices(p);
    assert_bootarg("root", "vda");
    assert_int_equal(p->map.nram, 1);
    assert_range(&p->map.ram[0], 0x40000000, 4ull << 30);
    assert_int_equal(p->map.nreserved, 2);
    assert_range(&p->map.reserved[0], 0x40000000, 0x80000);
    assert_true(p->map.no_map[0]);
}

/* ---- Too much, and too little ---- */

static void
test_crowd(void **state)
{
    (void)state;
    const struct platform *p = init("crowd");
    assert_int_equal(p->nharts, PLATFORM_HARTS_MAX);
    assert_int_equal(count_ignored("too many harts"), 66 - PLATFORM_HARTS_MAX);
    assert_int_equal(p->map.nram, MEMMAP_RAM_MAX);
    assert_int_equal(count_ignored("too many memory"), 35 - MEMMAP_RAM_MAX);
    assert_int_equal(p->nvirtio, PLATFORM_VIRTIO_MAX);
    assert_int_equal(count_ignored("too many virtio"),
                     70 - PLATFORM_VIRTIO_MAX);
    assert_int_equal(p->nplics, PLATFORM_PLICS_MAX);
    assert_int_equal(count_ignored("too many PLICs"), 9 - PLATFORM_PLICS_MAX);
    assert_int_equal(p->harts[63].context, 127);
}

static void
test_isa(void **state)
{
    (void)state;
    assert_int_equal(isa_from_string(""), 0);
    assert_int_equal(isa_from_string("rv32imac"), 0);
    assert_int_equal(isa_from_string("rv64i"), PLATFORM_ISA('i'));
    assert_int_equal(isa_from_string("rv64imafdcsu"), RV64GC);
    assert_int_equal(isa_from_string("rv64g_c"), RV64GC);
    assert_int_equal(isa_from_string("rv64i2p1_m2p0_zicsr"), PLATFORM_ISA('i'));
    assert_int_equal(isa_from_string("rv64imzmmul_zfhmin"),
                     PLATFORM_ISA('i') | PLATFORM_ISA('m'));
    assert_int_equal(isa_from_string("rv64isstc"),
                     PLATFORM_ISA('i') | PLATFORM_ISA_SSTC);
    assert_int_equal(isa_from_string("rv64i_sstcx__c_"),
                     PLATFORM_ISA('i') | PLATFORM_ISA('c'));
}

/* ---- Trees that are not good enough ---- */

static void
test_incomplete(void **state)
{
    (void)state;
    static const uint8_t junk[64] = {0xd0, 0x0d, 0xfe, 0xee};
    const char *why;
    assert_int_equal(platform_init(junk, 0, sizeof(junk), &why), -EINVAL);
    assert_non_null(strstr(why, "magic"));
    assert_int_equal(platform_init(junk, 0, 3, &why), -EINVAL);

    static const char *const names[] = {"bare-no-memory", "bare-no-harts",
                                        "bare-no-timebase"};
    static const char *const words[] = {"memory", "harts", "timebase"};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        const struct dtb *dtb = dtb_get(names[i]);
        assert_int_equal(platform_init(dtb->blob, 0, dtb->size, &why), -ENODEV);
        assert_non_null(strstr(why, words[i]));
    }
    const struct dtb *dtb = dtb_get("bare-reserved");
    assert_int_equal(platform_init(dtb->blob, 0, dtb->size, &why), -EINVAL);
    assert_non_null(strstr(why, "reserved"));
}

int
main(int argc, char **argv)
{
    (void)argc;
    dtbs_load(argv[0], "");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qemu_harts),
        cmocka_unit_test(test_qemu_memory),
        cmocka_unit_test(test_qemu_aclint_and_aia),
        cmocka_unit_test(test_qemu_numa),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_moved_harts),
        cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_disabled),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_buses),
        cmocka_unit_test(test_unmatched),
        cmocka_unit_test(test_visionfive2),
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_isa),
        cmocka_unit_test(test_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
