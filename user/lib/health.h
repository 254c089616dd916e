/* Asking a service how it is, over its socket /run/NAME.sock, by <ipc.h>. */
#pragma once

#include <stddef.h>

/* The request that every service answers: with status 0 if it is well, else
 * with a negative error number; and with a text about it, not terminated. */
#define HEALTH_REQUEST  1
#define HEALTH_TEXT_MAX 256

/* Where a service listens. Returns to; cut short if the name is too long. */
char *health_socket(const char *name, char *to, size_t size);

/* Asks, for timeout ms. Returns the status, and the text in *text, terminated;
 * or 1 with errno if there was no answer. */
int health_ask(const char *name, char text[HEALTH_TEXT_MAX], int timeout);
