/* virtio devices as memory-mapped registers [virtio §4.2].
 *
 * Owns the transports of all `virtio,mmio` nodes of the device tree, modern
 * (version 2) and legacy (version 1, QEMU's default). Thread context. */
#pragma once

#include "lib/compiler.h"

/* Looks into every slot the platform lists and hands each device found to
 * virtio_device_add. Empty slots are skipped in silence; one with a wrong
 * magic number or version costs a line in the log. Once, on the boot hart,
 * when interrupts and the scheduler work. */
void virtio_mmio_probe(void);

/* The same for one slot, whose registers are at physical address base.
 * irq: as in struct virtio_transport. Returns whether a device is there. */
bool virtio_mmio_probe_slot(uint64_t base, uint64_t size, unsigned irq);
