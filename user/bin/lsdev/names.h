/* What the numbers of virtio mean [virtio §5, §6]. */
#pragma once

/* A device's kind by its device ID, or NULL. */
const char *device_name(unsigned long id);

/* A feature bit's name for that kind of device, without the VIRTIO_..._F_,
 * or NULL. */
const char *feature_name(unsigned long id, unsigned int bit);
