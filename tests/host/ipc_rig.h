/* A server in the process of a test that is its client, too. */
#pragma once

#include "../../user/lib/ipc.h"

/* What the server can be asked. */
enum { ECHO = 1, WHO, LATER, SIZE_OF_FILE, NOTHING };

extern struct ipc_server rig_server;
extern struct ipc_ticket rig_ticket; /* of the last LATER */
extern char rig_path[64];            /* where the server listens */

/* Around each test. */
int rig_start(void **state);
int rig_stop(void **state);

int rig_count_open_files(void);

/* Lets the server do all that is to be done. */
void rig_settle(void);

/* Connects, and lets the server notice. Returns the descriptor. */
int rig_join(void);

/* Whether the server has ended the connection. */
bool rig_is_cut(int fd);

struct ipc_header rig_header_of(uint16_t type, uint32_t length, uint32_t id);

/* Asks by hand, in one process: sends, lets the server work, receives. 0, or
 * -1 with errno set. */
int rig_ask(int fd, uint16_t type, const void *data, uint32_t length,
            struct ipc_packet *reply);

/* Fails unless the server answers. */
void rig_assert_works(int fd);
