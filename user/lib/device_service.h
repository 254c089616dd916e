/* A service for one kind of virtio device: the part that network, display,
 * audio and input have in common. */
#pragma once

/* Looks for the first device with this id [virtio §5] in /sys; without one,
 * ends with the status that means so. Else tells that it is there, and how it
 * is, to whoever asks, for ever. name is the service's, what the device's for
 * people. */
int device_service_main(const char *name, unsigned int id, const char *what);
