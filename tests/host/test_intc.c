// Interrupts, from the device tree to the handler, by each kind of controller.
//
// SOURCES: kernel/lib/fdt.c kernel/lib/fdt_bus.c kernel/dev/platform.c
// SOURCES: kernel/dev/aia.c kernel/dev/isa.c kernel/dev/irq.c kernel/dev/plic.c
// SOURCES: kernel/dev/aplic.c kernel/dev/imsic.c
// SOURCES: tests/host/dtbs.c tests/host/intc_model.c
// CFLAGS: -iquote tests/host/include
// LIBS: -lfdt
#include "intc_model.h"

#include "abi/errno.h"
#include "dev/aia.h"
#include "dev/intc.h"
#include "dtbs.h"
#include "lib/print.h"
#include "sync/spinlock.h"

#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- The kernel's lower layers ---- */

static char log_text[8192];

void
print(enum print_level level UNUSED, const char *format, ...)
{
    size_t used = strlen(log_text);
    va_list args;
    va_start(args, format);
    vsnprintf(log_text + used, sizeof(log_text) - used, format, args);
    va_end(args);
}

void
print_boot(const char *subject UNUSED, const char *format UNUSED, ...)
{
}

void NO_LOCK_CHECK
spin_lock(struct spinlock *lock)
{
    assert_int_equal(lock->locked, 0);
    lock->locked = 1;
}

void NO_LOCK_CHECK
spin_unlock(struct spinlock *lock)
{
    lock->locked = 0;
}

/* ---- Machines ---- */

static void (*dispatch)(void);
static void *blob;

/* Reads a copy of the tree, to which change, if there is one, was made. */
static const struct platform *
read_tree(const char *name, void (*change)(void *blob, int value), int value)
{
    const struct dtb *dtb = dtb_get(name);
    const char *why;
    free(blob);
    blob = malloc(dtb->size);
    assert_non_null(blob);
    memcpy(blob, dtb->blob, dtb->size);
    if (change)
        change(blob, value);
    log_text[0] = '\0';
    assert_int_equal(platform_init(blob, 0, dtb->size, &why), 0);
    memset(intc_harts, 0, sizeof(intc_harts));
    return platform_get();
}

static const struct platform *
direct_machine(void)
{
    static const uint64_t hartids[] = {9, 4, 2};
    model_reset(3, hartids);
    model_aplics[0].base = 0xd000000;
    model_files[0].hart_index = 3;
    model_files[1].hart_index = 7;
    return read_tree("aia-direct", NULL, 0);
}

static const struct platform *
messages_machine(void)
{
    static const uint64_t hartids[] = {0, 1, 2, 3};
    model_reset(4, hartids);
    model_aplics[0].base = 0xd000000;
    model_aplics[1].base = 0xd004000;
    for (unsigned i = 0; i < 4; i++)
        model_files[i] = (struct model_file){.ids = 63, .hart_index = i};
    return read_tree("aia-messages", NULL, 0);
}

static void
start_harts(unsigned nharts)
{
    assert_null(irq_init(&dispatch));
    for (unsigned i = 0; i < nharts; i++) {
        model_run_on(i);
        assert_int_equal(irq_init_hart(), 0);
    }
    model_run_on(0);
}

static void
assert_refused(const char *word)
{
    const char *why = irq_init(&dispatch);
    assert_non_null(why);
    if (!strstr(why, word))
        fail_msg("'%s' has no '%s'", why, word);
}

/* ---- A device ---- */

struct device {
    struct irq_handler handler;
    struct model_aplic *aplic;
    unsigned source;
    unsigned causes; /* the wire is let go with the last */
    bool active_low;
};

static void
handle(void *arg)
{
    struct device *device = arg;
    if (device->causes > 0 && --device->causes == 0)
        model_wire(device->aplic, device->source, device->active_low);
}

static void
raise(struct device *device, unsigned causes)
{
    device->causes = causes;
    model_wire(device->aplic, device->source, !device->active_low);
}

static void
connect(struct device *device, unsigned irq)
{
    device->handler = (struct irq_handler){"test", handle, device, false, {0}};
    assert_int_equal(irq_register(irq, &device->handler), 0);
}

/* ---- What the tree says ---- */

static void
test_direct_tree(void **state UNUSED)
{
    const struct platform *p = direct_machine();
    assert_string_equal(log_text, "");
    assert_int_equal(p->nplics, 1);
    assert_int_equal(p->plics[0].nsources, 40);
    assert_int_equal(p->plics[0].ncontexts, 2);
    assert_int_equal(p->plics[0].regs.base, 0xd000000);
    assert_int_equal(p->plics[0].aia->ids, 0);
    assert_int_equal(p->plics[0].aia->hart_index[0], 7);
    assert_int_equal(p->plics[0].aia->hart_index[1], 3);
    assert_int_equal(platform_hart(4)->context, 0);
    assert_int_equal(platform_hart(9)->context, 1);
    assert_int_equal(platform_hart(2)->plic, PLATFORM_NONE);
    assert_int_equal(p->uart.device.irq, 5);
    assert_int_equal(p->virtio[0].irq, 33);
    assert_int_equal(p->virtio[1].irq, 40);
    assert_int_equal(p->virtio[2].irq, 0); /* no source of the APLIC */
    assert_int_equal(aia_source_modes[5], 4);
    assert_int_equal(aia_source_modes[33], 7);
    assert_int_equal(aia_source_modes[40], 6);
    assert_int_equal(aia_source_modes[41], 0);
}

static void
test_messages_tree(void **state UNUSED)
{
    const struct platform *p = messages_machine();
    assert_string_equal(log_text, "");
    assert_int_equal(p->nplics, 2);
    assert_int_equal(p->plics[1].first, 32);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(p->plics[i].ncontexts, 4);
        assert_int_equal(p->plics[i].aia->ids, 63);
        for (unsigned context = 0; context < 4; context++)
            assert_int_equal(p->plics[i].aia->hart_index[context], context);
    }
    assert_int_equal(p->uart.device.irq, 10);
    assert_int_equal(p->virtio[0].irq, 31 + 7);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(platform_hart(i)->context, i);
}

static void
set(void *tree, const char *path, const char *name, int cell, int value)
{
    int len, node = fdt_path_offset(tree, path);
    const fdt32_t *old = fdt_getprop(tree, node, name, &len);
    assert_non_null(old);
    uint8_t copy[64];
    fdt32_t big = cpu_to_fdt32((uint32_t)value);
    memcpy(copy, old, (size_t)len);
    memcpy(copy + 4 * cell, &big, sizeof(big));
    assert_int_equal(fdt_setprop_inplace(tree, node, name, copy, len), 0);
}

#define APLIC  "/interrupt-controller@d000000"
#define SECOND "/interrupt-controller@d004000"
#define FILES  "/interrupt-controller@28000000"

/* A change to a tree, values that make no sense, and how many APLICs are left:
 * without interrupt files, the second one delivers directly. */
static const struct {
    const char *tree, *path, *property;
    int cell, values[3];
    unsigned left;
    const char *log;
} nonsense[] = {
    {"aia-direct",
     APLIC,
     "riscv,num-sources",
     0,
     {0, 1024, -1},
     0,
     "no valid riscv,num-sources"},
    {"aia-direct",
     APLIC,
     "riscv,hart-indexes",
     1,
     {8, 0x4000, -1},
     0,
     "no room for all harts"},
    {"aia-direct", APLIC, "reg", 1, {0, 0x3fff, 0x40ff}, 0, "reg"},
    {"aia-messages",
     SECOND,
     "riscv,num-sources",
     0,
     {33, 64, 1023},
     1,
     "more sources than"},
    {"aia-messages",
     FILES,
     "riscv,num-ids",
     0,
     {62, 64, 2111},
     1,
     "no valid riscv,num-ids"},
    {"aia-messages",
     FILES,
     "riscv,guest-index-bits",
     0,
     {8, 9, -1},
     1,
     "no valid index bits"},
    {"aia-messages",
     FILES,
     "riscv,hart-index-bits",
     0,
     {14, 15, -1},
     1,
     "no valid index bits"},
    {"aia-messages",
     FILES,
     "riscv,group-index-bits",
     0,
     {8, 14, -1},
     1,
     "no valid index bits"},
    {"aia-messages",
     FILES,
     "riscv,group-index-shift",
     0,
     {56, 64, -1},
     1,
     "no valid index bits"},
    {"aia-messages",
     FILES,
     "reg",
     1,
     {0, 0xfff, 0x2fff},
     1,
     "no room for a file of each hart"},
    /* Nobody's, the firmware's, or no phandle at all. */
    {"aia-messages", APLIC, "msi-parent", 0, {99, 0, -1}, 1, ""},
    /* It delivers directly, then. */
    {"aia-messages", SECOND, "msi-parent", 0, {99, 0, -1}, 2, ""},
};

static unsigned row;

static void
make_nonsense(void *tree, int value)
{
    set(tree, nonsense[row].path, nonsense[row].property, nonsense[row].cell,
        value);
}

static void
test_nonsense(void **state UNUSED)
{
    for (row = 0; row < ARRAY_LEN(nonsense); row++)
        for (unsigned i = 0; i < ARRAY_LEN(nonsense[row].values); i++) {
            const struct platform *p = read_tree(
                nonsense[row].tree, make_nonsense, nonsense[row].values[i]);
            if (p->nplics != nonsense[row].left ||
                !strstr(log_text, nonsense[row].log))
                fail_msg("%s %s %d: %u are left; log: %s", nonsense[row].path,
                         nonsense[row].property, nonsense[row].values[i],
                         p->nplics, log_text);
            if (p->nplics == 0)
                assert_refused("no PLIC or APLIC");
        }
}

/* ---- Direct delivery ---- */

static void
test_direct(void **state UNUSED)
{
    direct_machine();
    struct model_aplic *a = &model_aplics[0];
    model_wire(a, 33, true); /* at rest */
    memset(a->enabled, true, sizeof(a->enabled));
    assert_null(irq_init(&dispatch));
    for (unsigned source = 1; source <= 40; source++)
        assert_false(a->enabled[source]);
    for (unsigned i = 0; i < 3; i++) {
        model_run_on(i);
        assert_int_equal(irq_init_hart(), i < 2 ? 0 : -ENODEV);
    }
    struct device edge = {.aplic = a, .source = 5};
    struct device low = {.aplic = a, .source = 33, .active_low = true};
    connect(&edge, 5);
    connect(&low, 33);
    assert_int_equal(a->domaincfg, 0x100);
    assert_int_equal(irq_register(5, &edge.handler), -EBUSY);
    assert_int_equal(irq_register(0, &edge.handler), -EINVAL);
    assert_int_equal(irq_register(41, &edge.handler), -EINVAL);
    assert_int_equal(irq_register(39, &edge.handler), -ENODEV); /* no wire */

    raise(&edge, 1);
    raise(&low, 3); /* which it is until its wire is let go */
    assert_true(model_pending(0) && model_pending(1)); /* one each */
    for (unsigned i = 0; i < 2; i++) {
        model_run_on(i);
        dispatch();
        assert_false(model_pending(i));
    }
    assert_int_equal(edge.handler.counts[0] + edge.handler.counts[1], 1);
    assert_int_equal(low.handler.counts[0] + low.handler.counts[1], 3);
    assert_int_equal(edge.causes + low.causes, 0);
    model_run_on(2);
    dispatch(); /* it has none */
}

static void
test_direct_lies(void **state UNUSED)
{
    direct_machine();
    struct model_aplic *a = &model_aplics[0];
    start_harts(2);
    a->sourcecfg[9] = 6;
    a->enabled[9] = true;
    a->target[9] = 3 << 18 | 1;
    model_wire(a, 9, true);
    dispatch();
    assert_false(a->enabled[9]);
    assert_non_null(strstr(log_text, "interrupt 9 has no handler"));

    log_text[0] = '\0';
    a->claim_lie = 41u << 16;
    dispatch();
    a->claim_lie = 1023u << 16;
    dispatch();
    assert_string_equal(log_text, "");
}

/* ---- Messages ---- */

static void
test_messages(void **state UNUSED)
{
    messages_machine();
    for (unsigned i = 0; i < 4; i++) {
        model_files[i].eip[0] = UINT64_MAX; /* left from before */
        model_files[i].eithreshold = 1;
    }
    start_harts(4);
    for (unsigned i = 0; i < 4; i++)
        assert_false(model_pending(i));
    struct device uart = {.aplic = &model_aplics[0], .source = 10};
    struct device disk = {.aplic = &model_aplics[1], .source = 7};
    connect(&uart, 10);
    connect(&disk, 38);
    assert_int_equal(model_aplics[1].target[7] & 0x3ffff, 38);
    assert_int_equal(model_aplics[0].domaincfg, 0x104);

    for (unsigned round = 1; round <= 3; round++) {
        raise(&uart, 1);
        raise(&disk, round);
        unsigned pending = 0;
        for (unsigned i = 0; i < 4; i++) {
            pending += model_pending(i);
            model_run_on(i);
            dispatch();
            assert_false(model_pending(i));
        }
        assert_int_equal(pending, 2); /* each has a hart of its own */
        assert_int_equal(uart.causes + disk.causes, 0);
    }
    uint64_t n = 0;
    for (unsigned i = 0; i < 4; i++)
        n += disk.handler.counts[i];
    assert_int_equal(n, 1 + 2 + 3);
}

static void
test_message_lies(void **state UNUSED)
{
    messages_machine();
    start_harts(4);
    model_files[0].eip[0] |= 1ull << 20; /* nobody has registered it */
    model_aplics[0].enabled[20] = true;
    dispatch();
    assert_non_null(strstr(log_text, "interrupt 20 has no handler"));
    assert_false(model_aplics[0].enabled[20]);
    assert_false(model_pending(0));
}

/* ---- What firmware and machine withhold ---- */

static void
test_withheld(void **state UNUSED)
{
    direct_machine();
    memset(model_aplics[0].withheld, true, sizeof(model_aplics[0].withheld));
    assert_refused("firmware leaves no source");

    direct_machine();
    model_aplics[0].withheld[40] = true;
    start_harts(2);
    struct irq_handler handler = {.name = "test"};
    assert_int_equal(irq_register(40, &handler), -ENODEV);
    assert_null(irq_handler(40));

    direct_machine();
    model_aplics[0].fixed_dm = 4;
    assert_refused("does not deliver");
    messages_machine();
    model_aplics[0].no_msi = true;
    assert_refused("does not deliver");

    messages_machine();
    model_files[0].absent = true;
    assert_refused("no such IMSIC");
    messages_machine();
    model_files[0].ids = 0;
    assert_refused("no such IMSIC");

    messages_machine();
    row = ARRAY_LEN(nonsense) - 1;
    assert_int_equal(read_tree("aia-messages", make_nonsense, 99)->nplics, 2);
    assert_refused("some do not");

    /* A hart without a file is one that takes no interrupts. */
    messages_machine();
    model_files[1].absent = true;
    assert_null(irq_init(&dispatch));
    assert_int_equal(irq_init_hart(), 0);
    model_run_on(1);
    assert_int_equal(irq_init_hart(), -ENODEV);

    direct_machine();
    model_aplics[0].base = 0; /* cannot be mapped */
    assert_refused("no room for its registers");
}

/* ---- A PLIC ---- */

static void
test_plic(void **state UNUSED)
{
    static const uint64_t hartids[] = {5, 7};
    model_reset(2, hartids);
    const struct platform *p = read_tree("moved", NULL, 0);
    assert_int_equal(p->nplics, 1);
    start_harts(2);
    for (unsigned context = 0; context < 4; context++)
        for (unsigned source = 1; source <= 53; source++)
            assert_false(model_plic_enabled(context, source));
    struct device device = {.causes = 0};
    connect(&device, 20);
    assert_true(model_plic_enabled(0, 20) != model_plic_enabled(3, 20));

    /* Two good ones, one that nobody registered, one that does not exist. */
    static const uint32_t claims[] = {20, 20, 21, 54, 20};
    memcpy(model_plic_claims, claims, sizeof(claims));
    dispatch();
    assert_int_equal(device.handler.counts[0], 2);
    assert_non_null(strstr(log_text, "interrupt 21 has no handler"));
    assert_int_equal(model_plic_nclaimed, 4);
    assert_int_equal(model_plic_ncompleted, 3);
    assert_memory_equal(model_plic_completed, claims, 3 * sizeof(*claims));
}

int
main(int argc UNUSED, char **argv)
{
    dtbs_load(argv[0], "aia-direct aia-messages moved");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct_tree),
        cmocka_unit_test(test_messages_tree),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_direct),
        cmocka_unit_test(test_direct_lies),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_message_lies),
        cmocka_unit_test(test_withheld),
        cmocka_unit_test(test_plic),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(blob);
    return failed;
}
