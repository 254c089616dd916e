/* Device registers: one access each, not reordered among themselves.
 *
 * Any context. RAM is ordered against them by arch/barrier.h. */
#pragma once

#include "lib/compiler.h"

static inline uint8_t
mmio_read8(const volatile void *reg)
{
    return *(const volatile uint8_t *)reg;
}

static inline void
mmio_write8(volatile void *reg, uint8_t value)
{
    *(volatile uint8_t *)reg = value;
}

static inline uint16_t
mmio_read16(const volatile void *reg)
{
    return *(const volatile uint16_t *)reg;
}

static inline uint32_t
mmio_read32(const volatile void *reg)
{
    return *(const volatile uint32_t *)reg;
}

static inline void
mmio_write32(volatile void *reg, uint32_t value)
{
    *(volatile uint32_t *)reg = value;
}
