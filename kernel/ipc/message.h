/* Messages: what sockets hold for their receivers, bytes and what goes with
 * them.
 *
 * A message belongs to who made it, then to the queue it is put into, then to
 * who takes it off. Its memory and files count as its sender's until it is
 * freed, or the files are taken: each user has a share, and there is a limit
 * for all. Any context but where said otherwise. */
#pragma once

#include "abi/socket.h"
#include "lib/list.h"

struct file;
struct socket_name;

/* Files that are on their way, each with a reference. */
struct rights {
    struct rights *next; /* private to rights_free */
    unsigned count;
    bool has_sockets;
    struct file *files[];
};

struct message {
    /* guarded by socket_lock, while it is in a queue */
    struct list_node node;
    struct list_node carrier_node; /* of the queue's carriers, or of none */
    size_t taken;                  /* bytes received already, of a stream */

    /* constant once it is in a queue, but for who receives it */
    size_t len;
    size_t charge;            /* bytes of memory, without rights */
    unsigned user;            /* whose share that is of */
    struct ucred cred;        /* the sender's */
    struct socket_name *from; /* its name, with a reference; or NULL */
    struct rights *rights;    /* or NULL */
    char bytes[];
};

/* Makes a message with room for len bytes, which are the caller's to fill, and
 * with rights, if not NULL, which it takes over if it succeeds.
 * Returns 0, -ENOBUFS (no memory, or more than this user's share), or
 * -ETOOMANYREFS (the user has too many files on their way). */
int message_create(size_t len, struct rights *rights, struct message **out)
    MUST_CHECK;

/* Takes bytes of memory, and files on their way, from the share of the running
 * thread's user, which *user says, and gives them back. Returns 0, -ENOBUFS,
 * -ETOOMANYREFS. */
int message_charge(size_t bytes, unsigned files, unsigned *user) MUST_CHECK;
void message_uncharge(size_t bytes, unsigned files, unsigned user);

/* Frees a message that is in no queue, or a list of them. May block. */
void message_free(struct message *m);
void message_free_all(struct list_node *list);

/* Takes the files out of a message; NULL: it has none. A copy has references of
 * its own; NULL, too, without memory. */
struct rights *message_take_rights(struct message *m);
struct rights *message_copy_rights(const struct message *m);

/* Room for up to SCM_MAX_FD files, or NULL without memory; and lets go of those
 * there are. NULL is allowed. May block. */
struct rights *rights_create(void);
void rights_free(struct rights *rights);
