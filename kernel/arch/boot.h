/* The page table that the first C code runs on, until kmap_init makes the
 * real one: image and direct map, all of it writable.
 *
 * Owns the boot stack and the early thread; boot hart only. */
#pragma once

#include "lib/compiler.h"

struct arch_thread;

/* Runs before address translation, at physical addresses. Returns the value
 * for satp. */
uint64_t boot_map(void);

/* Says so, at physical addresses, and powers off: satp does not do what it
 * should. */
NORETURN void boot_without_mmu(void);

/* What secondary harts write to satp: the final kernel table's. */
extern uint64_t boot_satp;

/* The thread that boots; the scheduler replaces it by the idle thread. */
extern struct arch_thread boot_thread;
extern char boot_stack_guard[], boot_stack_top[];

/* The C code's entry, on the boot hart, with the device tree's address and
 * the hart's count of instructions on entry to the kernel. */
NORETURN void kmain(uint64_t hartid, uint64_t fdt_pa, uint64_t instret);
