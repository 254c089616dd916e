#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "arch/sbi.h"

uint64_t kernel_phys_offset;
uint64_t boot_satp;
struct arch_thread boot_thread;

static uint64_t boot_root[PT_ENTRIES] ALIGNED(PAGE_SIZE);
static uint64_t boot_image[PT_ENTRIES] ALIGNED(PAGE_SIZE);

/* Where the linker put the image; read from memory, since the code computes
 * addresses relative to where it runs. */
static const volatile uint64_t link_text = (uint64_t)_text;
static const volatile uint64_t link_end = (uint64_t)_end;

#define MIB2 (2ul << 20)

uint64_t
boot_map(void)
{
    uint64_t pa = (uint64_t)_text, va = link_text;
    uint64_t kernel = PTE_R | PTE_W | PTE_X | PTE_V | PTE_A | PTE_D;
    uint64_t data = PTE_R | PTE_W | PTE_V | PTE_A | PTE_D;
    kernel_phys_offset = pa - va;
    for (uint64_t p = 0; p < DIRECT_SIZE; p += pte_span(2))
        boot_root[pte_index(DIRECT_BASE + p, 2)] = pte_make(p, data);

    boot_root[pte_index(va, 2)] = pte_make((uint64_t)boot_image, PTE_V);
    for (uint64_t v = va; v < link_end; v += MIB2)
        boot_image[pte_index(v, 1)] = pte_make(pa + (v - va), kernel);

    return SATP_SV39 | (uint64_t)boot_root >> PAGE_SHIFT;
}

void
boot_without_mmu(void)
{
    static const char text[] = "umbra: this hart has no MMU with Sv39\n";
    sbi_init();
    sbi_console_write(text, sizeof(text) - 1);
    sbi_shutdown(true);
    for (;;)
        cpu_wait_for_interrupt();
}
