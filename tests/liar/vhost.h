/* The vhost-user protocol from the back end's side: QEMU has the device's
 * registers and tells us, over a socket, where memory and rings are. Some
 * things are QEMU's alone, so a back end cannot lie about them: the status and
 * all other registers, feature bits after the first look, and of the
 * configuration all but the capacity. One owner, no locks. */
#pragma once

#include "ring.h"

#include <linux/virtio_blk.h>

#define VHOST_QUEUES 4

struct vhost {
    int socket;  /* -1: nobody is connected */
    int backend; /* where we ask QEMU for something; -1: nowhere */
    uint64_t offered, accepted;
    struct virtio_blk_config config;
    struct memory memory;
    struct ring rings[VHOST_QUEUES];

    /* set by the owner: a ring starts, or is about to stop; the first after
     * the device was live, the second before it counts as reset */
    void (*started)(struct vhost *v, struct ring *r);
    void (*stopped)(struct vhost *v, struct ring *r);
};

/* Begins to serve a connection. */
void vhost_open(struct vhost *v, int socket);
void vhost_close(struct vhost *v);

/* Reads one message and does what it asks for. Returns 0; or -1 if the
 * connection is at its end, or nonsense. May block for the rest of a
 * message. */
int vhost_serve(struct vhost *v);

/* Tells QEMU to look at the configuration again. */
void vhost_config_changed(struct vhost *v);
