/* The control socket, /run/init.sock, that svc talks to. */
#pragma once

/* Opens it and adds it to the event loop. 0 or a negative errno. */
int control_open(void);

/* Answers those who wait for what services do: at the end of each turn. */
void control_turn(void);
