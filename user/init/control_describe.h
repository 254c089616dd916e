/* Services and phases as they are told to others. */
#pragma once

#include "service.h"
#include <control_protocol.h>
#include <stddef.h>

void control_describe(const struct service *s, struct control_service *to);

/* Writes texts "KEY=VALUE" into to, as far as they fit. Returns the bytes. */
size_t control_describe_file(const struct config *c, char *to, size_t size);

void control_describe_phases(struct control_phase *to);
