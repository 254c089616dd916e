/* Boot, in order: see docs/boot.md. */
#include "arch/boot.h"
#include "arch/clock.h"
#include "arch/report.h"
#include "arch/sbi.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "dev/random.h"
#include "dev/rtc.h"
#include "dev/uart.h"
#include "lib/canary.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/asid.h"
#include "mm/frame.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "proc/futex.h"
#include "proc/load.h"
#include "proc/sched.h"
#include "proc/timer.h"
#include "sys/power.h"
#include "sys/startup.h"
#include "sys/sys.h"
#include "sys/trace.h"
#include "trace/trace.h"
#include "lib/version.h"

/* More than any device tree takes. */
#define FDT_MAX_SIZE (2ul << 20)

static struct spinlock print_lock = SPINLOCK_INIT("print", RANK_PRINT);

static NO_LOCK_CHECK void
lock_print(void)
{
    spin_lock(&print_lock);
}

static NO_LOCK_CHECK void
unlock_print(void)
{
    spin_unlock(&print_lock);
}

/* ---- The end, should it come to that ---- */

static void
describe_panic(void)
{
    const struct thread *t = thread_current();
    if (cpu_thread() == &boot_thread)
        pr_err("hart 0, before there were threads");
    else
        pr_err("hart %u (hartid %lu), %s %s[%d]", this_cpu()->index,
               this_cpu()->hartid, t->process ? "process" : "kernel thread",
               t->process ? t->process->name : t->name, t->tid);
    report_registers();
    report_backtrace((uint64_t)__builtin_return_address(0),
                     ((uint64_t *)__builtin_frame_address(0))[-2]);
}

static void
end_after_panic(void)
{
    size_t len;
    const char *wish = bootarg_find("panic", &len);
    if (wish && len == 4 && memcmp(wish, "halt", 4) == 0)
        pr_err("halted");
    else
        power_off(1);
}

/* ---- What the machine is ---- */

/* Stops before there is anything that a panic could describe. */
static NORETURN void
give_up(const char *what, const char *why)
{
    pr_err("%s: %s", what, why);
    power_off(1);
}

/* Boards have harts without one that watch over the others. */
static bool
has_mmu(const struct platform_hart *hart)
{
    return strcmp(hart->mmu, "none") != 0;
}

static bool
all_harts_have(uint32_t isa)
{
    const struct platform *p = platform_get();
    for (unsigned i = 0; i < p->nharts; i++)
        if (has_mmu(&p->harts[i]) && (p->harts[i].isa & isa) != isa)
            return false;
    return true;
}

static void
read_platform(uint64_t hartid, uint64_t fdt_pa)
{
    const struct platform *p = platform_get();
    const char *why = "";
    char firmware[64];
    size_t len;
    if (platform_init(phys_to_virt(fdt_pa), fdt_pa, FDT_MAX_SIZE, &why) != 0)
        give_up("device tree", why);
    if (bootarg_find("quiet", &len))
        print_hooks.limit = PRINT_NOTE;
    bool sstc = all_harts_have(PLATFORM_ISA_SSTC);
    clock_init(p->timebase_hz, sstc);
    print_hooks.now_ns = clock_now_ns;

    sbi_describe(firmware, sizeof(firmware));
    print_boot("umbra", "%s on %s, boot hart %lu", VERSION_UMBRA, firmware,
               hartid);
    print_boot("machine", "%s: %u harts, %lu MiB, %u virtio slots", p->model,
               p->nharts, p->memory_size >> 20, p->nvirtio);
    print_boot("clock", "%lu kHz, deadlines by %s", p->timebase_hz / 1000,
               sstc ? "Sstc" : "SBI");
}

/* ---- Memory ---- */

/* The device tree may lie where it says that no memory is, in a ROM or in what
 * the firmware keeps. Pages that are mapped already stay so. */
static void
map_device_tree(const struct memmap *map)
{
    const struct fdt *tree = &platform_get()->tree;
    uint64_t start = virt_to_phys(tree->blob);
    uint64_t end = start + tree->total_size;
    for (unsigned i = 0; i < map->nram; i++)
        if (start >= map->ram[i].base &&
            end <= map->ram[i].base + map->ram[i].size)
            return;
    for (; start < end; start += PAGE_SIZE)
        (void)kmap_device(start, MIN(end - start, PAGE_SIZE));
}

static void
start_memory(void)
{
    static struct memmap map;
    map = platform_get()->map;
    map.reserved[map.nreserved++] =
        (struct fdt_range){virt_to_phys(_text), (uint64_t)(_end - _text)};
    frame_init(&map);
    print_boot("memory", "%zu of %zu frames free", frame_count_free(),
               frame_count_total());
    kmap_init(&map);
    map_device_tree(&map);
    slab_init_kmalloc();
    print_boot("vm", "kernel %zu KiB, W^X, %lu MiB mapped",
               (size_t)(_end - _text) >> 10, platform_get()->memory_size >> 20);
    trace_start();
    thread_init_cache();
    process_init_table();
    futex_init();
}

/* ---- Devices that everything else needs ---- */

static void
start_devices(void)
{
    if (uart_init() == 0)
        print_hooks.put = uart_put;
    else
        print_boot("uart", "none that is known, but the firmware's console");
    power_init();
    rtc_init();
    /* Late enough for power_off to pass the failure on. */
    if (!all_harts_have(PLATFORM_ISA('f') | PLATFORM_ISA('d')))
        give_up("harts", "programs need the F and D extensions");
}

static void
start_random(void)
{
    static uint64_t canary; /* on the stack it would have one behind it */
    random_add(platform_get()->rng_seed, platform_get()->rng_seed_len);
    random_fill(&canary, sizeof(canary));
    canary_init(canary);
}

static void
handle_ipi(void)
{
    trace_irq_ipi();
    cpu_handle_poke();
}

static void
start_interrupts(void)
{
    trap_hooks = (struct trap_hooks){
        .syscall = sys_dispatch,
        .user_exception = fault_handle,
        .timer = timer_run_due,
        .ipi = handle_ipi,
        .user_return = thread_user_return,
    };
    trace_set_hooks();
    trap_init_hart();
    const char *why = irq_init(&trap_hooks.external);
    if (why)
        give_up("interrupts", why);
}

/* A hart that no controller is wired to runs threads all the same. The bootarg
 * asids=N, one digit, is for tests: so few numbers of address spaces are used.
 */
static void
start_hart(void)
{
    size_t len;
    const char *most = bootarg_find("asids", &len);
    asid_init_hart(most && len == 1 && *most > '0' ? *most - '0' : ASID_MAX);
    if (irq_init_hart() != 0)
        pr_info("hart %u takes no device interrupts", this_cpu()->index);
}

static void
start_harts(void)
{
    const struct platform *p = platform_get();
    unsigned left = 0;
    for (unsigned i = 0; i < p->nharts; i++) {
        if (p->harts[i].id == this_cpu()->hartid)
            continue;
        if (!has_mmu(&p->harts[i]))
            pr_info("hart %lu has no MMU, and is left alone", p->harts[i].id);
        else if (!cpu_add(p->harts[i].id))
            left++;
    }
    if (left > 0)
        pr_warn("%u of %u harts are left stopped: the kernel runs at most %d",
                left, p->nharts, CPU_MAX);
    print_boot("smp", "%u of %u harts running", sched_start_harts(start_hart),
               p->nharts);
    load_start();
}

void
kmain(uint64_t hartid, uint64_t fdt_pa, uint64_t instret)
{
    boot_thread.cpu = cpu_add(hartid);
    print_hooks.put = sbi_console_write;
    print_hooks.lock = lock_print;
    print_hooks.unlock = unlock_print;
    panic_hooks =
        (struct panic_hooks){cpu_stop_others, describe_panic, end_after_panic};
    sbi_init();

    read_platform(hartid, fdt_pa);
    start_memory();
    start_devices();
    start_random();
    timer_init_lists();
    sched_init();
    start_interrupts();
    start_hart();
    start_harts();

    struct thread *first = thread_create("startup", startup, (void *)instret);
    if (!first)
        panic("no memory for the first thread");
    sched_start(first);
    sched_idle();
}
