/* A split virtqueue from the device's side [virtio §2.7]: chains are taken from
 * the available ring, and heads put into the used ring. What is put there is
 * the caller's affair: it may be true. One owner, no locks. */
#pragma once

#include "memory.h"

#include <linux/virtio_ring.h>
#include <stdbool.h>

#define RING_SEGMENTS 256

/* A chain of buffers: first those to read, then those to write. */
struct chain {
    uint16_t head, second; /* second: the same as head if there is none */
    unsigned count;        /* 0: it makes no sense */
    struct segment {
        uint8_t *base;
        uint32_t len;
        bool write;
    } segments[RING_SEGMENTS];
};

struct ring {
    const struct memory *memory;
    unsigned size;
    struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used; /* the three: NULL while QEMU has not said */
    bool started, enabled, event_idx;
    uint16_t taken, given; /* entries of the two rings */
    int kick, call;        /* event descriptors; -1: none */
};

/* Takes the next chain. Returns whether there was one. */
bool ring_take(struct ring *r, struct chain *chain);

/* Says up to where it has seen the available ring, and wants to be told of
 * more [virtio §2.7.10]. */
void ring_want_bell(struct ring *r);

/* Puts an entry where the next belongs; ring_move shows the driver all there
 * are and `step` more, or fewer, and goes on from there. */
void ring_put(struct ring *r, uint32_t id, uint32_t len);
void ring_move(struct ring *r, int step);

/* Interrupts, if the driver wants to hear of entries since `before`. */
void ring_interrupt(struct ring *r, uint16_t before);

/* Interrupts, whatever the driver wants. */
void ring_call(struct ring *r);

/* Where the device's event index is [virtio §2.7.10]. */
uint16_t *ring_avail_event(struct ring *r);
