/* The control socket, /run/init.sock, that svc talks to:
 * <control_protocol.h> has the requests. */
#pragma once

/* Opens it and adds it to the event loop. 0 or a negative errno. */
int control_open(void);

/* Answers those who wait for what has happened meanwhile. To be called at the
 * end of each turn of the loop, after all that was wished for is under way. */
void control_turn(void);
