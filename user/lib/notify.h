/* What a service tells its manager, and what it is given by it.
 *
 * The manager passes the descriptor of a pipe in NOTIFY_FD; without one, as in
 * a program that was started by hand, nothing happens and all is well. */
#pragma once

/* It does its work from here on. */
void notify_ready(void);

/* What it does, for people: shown by svc status. Newlines end the text. */
void notify_status(const char *text);

/* It is alive. A service with a watchdog has to say so every
 * notify_beat_every() milliseconds; that is -1 if it has none. */
void notify_beat(void);
int notify_beat_every(void);

/* The number of descriptors to listen on that it was given, from
 * NOTIFY_FIRST_SOCKET on. */
#define NOTIFY_FIRST_SOCKET 3
int notify_sockets(void);
