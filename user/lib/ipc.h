/* Requests and replies between processes of one machine.
 *
 * A server listens on a unix-domain socket of type SOCK_SEQPACKET, so that a
 * message is one packet: it arrives whole or not at all, and nobody can hold
 * up a reader with half of one. A packet is a struct ipc_header and the data
 * it counts. Each request has one reply, with the request's type and id.
 *
 * A server believes nothing. Who sends a packet that is no request, or more
 * than may be sent, or does not take its replies, loses the connection;
 * nobody else notices. Who the sender is, the kernel says.
 *
 * -1 with errno set on failure. Times are milliseconds of the monotonic clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#define IPC_MAGIC       0x43504955u /* "UIPC" */
#define IPC_VERSION     1
#define IPC_REPLY       0x8000u /* set in the type of replies */
#define IPC_DATA_MAX    16384u  /* bytes of data in a message */
#define IPC_FDS_MAX     4u      /* descriptors with a message */
#define IPC_CLIENTS_MAX 32u     /* connections of a server */
#define IPC_ROOTS_OWN   8u      /* of these, for root alone */
#define IPC_USER_MAX    8u      /* of another user */
#define IPC_USER_WAITS  4u      /* of these, waiting for an answer */

struct ipc_header {
    uint32_t magic;   /* IPC_MAGIC */
    uint16_t version; /* IPC_VERSION */
    uint16_t type;    /* what is asked; the server's protocol has the list */
    uint32_t length;  /* bytes of data that follow */
    uint32_t id;      /* the client's choice */
    int32_t status;   /* of a reply: 0 or a negative error number; else 0 */
};

/* ---- Packets, for both sides ---- */

struct ipc_packet {
    struct ipc_header header;
    void *data;    /* header.length bytes */
    uint32_t room; /* to receive: how many data has room for */
    int fds[IPC_FDS_MAX];
    uint32_t fd_count;
    uint32_t fd_room; /* to receive: how many are welcome */
};

/* Sends a packet at once or not at all: EAGAIN if the other side has too many
 * to read, EMSGSIZE if it is too large. The descriptors stay the caller's. */
int ipc_send(int fd, const struct ipc_packet *p);

/* Receives a packet that is there, with descriptors that are closed by exec
 * and are the caller's from then on. Returns 1; 0 if the other side has hung
 * up; -1 with EAGAIN if there is nothing, EPROTONOSUPPORT if it is of another
 * version, EPROTO if it is no message or has more data or descriptors than
 * there is room for; then none of its descriptors is left open. */
int ipc_receive(int fd, struct ipc_packet *p);

/* Closes the descriptors that p still has: those that are not -1. */
void ipc_close_fds(struct ipc_packet *p);

int64_t ipc_now_ms(void);

/* ---- Clients ---- */

/* Connects to the server at path, for which timeout ms are allowed, as are for
 * its queue of connections to get room. Returns the descriptor; ECONNREFUSED
 * if nobody listens, ETIMEDOUT. */
int ipc_connect(const char *path, int timeout);

/* Sends request, of which header.type, data, header.length and the descriptors
 * count, and waits timeout ms for its reply, for ever if negative. Replies to
 * earlier requests that were no longer waited for are passed over. 0 if there
 * was a reply: its status and data are in *reply. ETIMEDOUT; ECONNRESET if
 * the server hung up; EPROTO if it sent something else, and the connection is
 * of no use any more. */
int ipc_call(int fd, const struct ipc_packet *request, struct ipc_packet *reply,
             int timeout);

/* ---- Servers ---- */

struct ipc_server;

/* A request, for the time of the handler. */
struct ipc_request {
    uint16_t type;
    const void *data;
    uint32_t length;
    struct ucred peer;         /* who connected */
    struct ipc_packet *packet; /* its descriptors; those taken become -1 */
    /* private to the server */
    uint32_t client, id;
    bool done;
};

/* A request to be answered later. */
struct ipc_ticket {
    uint32_t client, serial, id;
    uint16_t type;
};

/* One connection. */
struct ipc_client {
    int fd; /* -1: none */
    struct ucred peer;
    uint32_t serial;    /* no two connections have the same */
    bool waits;         /* a ticket of it is out */
    int64_t last_heard; /* ms */
};

struct ipc_server {
    /* Set before ipc_listen. What handle leaves unanswered and not put off is
     * answered with ENOSYS. */
    void (*handle)(struct ipc_server *s, struct ipc_request *r);
    void *context;    /* the owner's */
    uint32_t fd_room; /* descriptors that a request may bring */
    int idle_ms;      /* who was silent for so long gives way if others come */
    /* private */
    int fd;
    uint32_t next_serial;
    struct ipc_client clients[IPC_CLIENTS_MAX];
    char data[IPC_DATA_MAX];
};

#define IPC_POLLS (IPC_CLIENTS_MAX + 1)

/* Listens at path, for whom mode lets connect; what was there is removed. */
int ipc_listen(struct ipc_server *s, const char *path, mode_t mode);

/* Serves a descriptor that listens already. */
void ipc_adopt(struct ipc_server *s, int fd);

/* Closes all connections and stops listening; the path stays. */
void ipc_close(struct ipc_server *s);

/* For a program with a loop of its own: what to poll for (entries that are
 * not in use have no descriptor), and afterwards what to do: at most one
 * request of each client. Never blocks. */
void ipc_polls(const struct ipc_server *s, struct pollfd fds[IPC_POLLS]);
void ipc_handle(struct ipc_server *s, const struct pollfd fds[IPC_POLLS]);

/* For one without: waits timeout ms for requests (for ever if negative), and
 * handles them. Returns how many files were ready, as poll. */
int ipc_serve(struct ipc_server *s, int timeout);

/* Answers a request: status is 0 or a negative error number. */
void ipc_reply(struct ipc_server *s, struct ipc_request *r, int status,
               const void *data, size_t length);

/* Puts the answer off. A client has at most one such request, and loses the
 * connection if it sends another before. A user other than root, who has
 * IPC_USER_WAITS of them, gets -EBUSY instead, and nobody waits for the ticket:
 * who waits does not give way to others. */
struct ipc_ticket ipc_put_off(struct ipc_server *s, struct ipc_request *r);

/* Gives it; nothing happens if the client has gone. Returns whether it was
 * there. */
bool ipc_answer(struct ipc_server *s, const struct ipc_ticket *t, int status,
                const void *data, size_t length);

/* Whether the client of a ticket is still there. */
bool ipc_is_waiting(const struct ipc_server *s, const struct ipc_ticket *t);
