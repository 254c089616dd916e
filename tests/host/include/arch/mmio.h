/* The host's stand-in for kernel/arch/mmio.h: every access goes to the model
 * of the device whose registers it would hit. */
#pragma once

#include "lib/compiler.h"

uint8_t mmio_read8(const volatile void *reg);
void mmio_write8(volatile void *reg, uint8_t value);
uint16_t mmio_read16(const volatile void *reg);
uint32_t mmio_read32(const volatile void *reg);
void mmio_write32(volatile void *reg, uint32_t value);
