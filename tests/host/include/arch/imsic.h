/* The host's stand-in for kernel/arch/imsic.h: the test has the files. */
#pragma once

#include "lib/compiler.h"

#define IMSIC_EIDELIVERY  0x70u
#define IMSIC_EITHRESHOLD 0x72u
#define IMSIC_EIP(id)     (0x80u + (id) / 64 * 2)
#define IMSIC_EIE(id)     (0xc0u + (id) / 64 * 2)

bool imsic_present(void);
uint64_t imsic_read(unsigned reg);
void imsic_write(unsigned reg, uint64_t value);
unsigned imsic_claim(void);
