/* Names of RISC-V extensions, as device trees spell them.
 *
 * Owns nothing; pure code; any context. */
#pragma once

#include "lib/fdt.h"

/* The PLATFORM_ISA bits of an ISA naming string such as
 * "rv64imafdc_zicsr_sstc" [riscv-unpriv §27]; 0 if it is none. Extensions
 * the kernel does not ask about are passed over, and so are versions. */
uint32_t isa_from_string(const char *isa);

/* Likewise of a list of names, one string each (`riscv,isa-extensions`). */
uint32_t isa_from_list(const struct fdt_prop *list);
