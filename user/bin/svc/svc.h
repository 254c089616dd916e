/* The parts of svc: asking init, and showing what it says. */
#pragma once

#include <control_protocol.h>
#include <stdbool.h>
#include <stddef.h>

/* How svc ends, for scripts. */
enum {
    SVC_DONE = 0,
    SVC_FAILED = 1, /* or, for status, it does not run */
    SVC_USAGE = 2,
    SVC_NO_ANSWER = 3,
    SVC_NOT_FOUND = 4,
    SVC_NOT_PERMITTED = 5,
};

/* A service, and what its file says. */
struct service_info {
    struct control_service record;
    char *details; /* texts "KEY=VALUE", each ended by a NUL; or NULL */
    size_t size;
};

/* ---- client.c: asking. Ends svc if init does not answer. ---- */

/* Sends a request about a name, which may be "", and returns the status of the
 * reply: 0 or a negative error number; at most room bytes come into to, and
 * *length says how many. */
int client_ask(uint16_t request, const char *name, uint64_t seen, void *to,
               size_t room, size_t *length);

/* Complains about the status of a reply; returns how svc is to end. */
int client_complain(const char *name, int status);

/* All services, in the order of names, or the one called name; with what their
 * files say, if details. NULL after a complaint, *end says how svc is to end.
 */
struct service_info *client_services(bool details, size_t *count);
struct service_info *client_service(const char *name, int *end);

/* The value of the key, the n-th one counted from 0; NULL if there are no more.
 */
const char *client_detail(const struct service_info *s, const char *key,
                          unsigned int n);

/* ---- show.c: text for people ---- */

/* Prints text in exactly so many columns, or up to them if cut is all that is
 * to be done; what a terminal would act on is shown as '?'. */
void show_text(const char *text, int columns);
void show_cut(const char *text, int columns);

/* Prints a state in so many columns, coloured if that is a terminal. */
void show_state(const char *state, int columns);

/* A span of time in at most 6 characters: "12ms", "3.4s", "12m", "5h", "9d". */
const char *show_span(uint64_t ns, char to[16]);

/* Nanoseconds of the monotonic clock. */
uint64_t show_now(void);

/* ---- What svc does: each returns how it is to end ---- */

int list_all(void);
int list_status(const char *name);
int list_tree(void);

/* Prints the last lines of a log; follow: then what is added to it. */
int log_show(const char *name, unsigned long lines, bool follow);

int chart_show(bool svg);

/* Asks a service's own socket how it is. */
int ping_service(const char *name);
