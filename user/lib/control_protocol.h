/* What can be asked of init over /run/init.sock, by <ipc.h>.
 *
 * Everybody may ask; what changes something is root's, others get EPERM. */
#pragma once

#include <stdint.h>

#define CONTROL_PATH     "/run/init.sock"
#define CONTROL_NAME_MAX 32
#define CONTROL_TEXT_MAX 96

enum control_request {
    /* struct control_target, perhaps without a name -> the services whose
     * names come after that one, a struct control_service each, as many as
     * fit. No more are left if there are none. */
    CONTROL_LIST = 1,
    /* struct control_target -> texts "KEY=VALUE", each ended by a NUL: what
     * the service's file says; a key can come more than once. */
    CONTROL_DETAILS,
    /* -> struct control_phase, in order. */
    CONTROL_PHASES,
    /* struct control_target -> once more than target.seen bytes were written
     * to the log of this name: how many, a uint64_t. */
    CONTROL_AWAIT_LOG,

    /* struct control_target -> struct control_service, once that service has
     * become what was asked for, or has failed to. ENOENT: no such service. */
    CONTROL_START,
    CONTROL_STOP,
    CONTROL_RESTART,
    /* The same, at once. RELOAD: ESRCH, it does not run; EOPNOTSUPP, it cannot.
     */
    CONTROL_RELOAD,
    CONTROL_ENABLE,
    CONTROL_DISABLE,
    /* -> nothing: it has begun. */
    CONTROL_POWER_OFF,
    CONTROL_REBOOT,
};

struct control_target {
    char name[CONTROL_NAME_MAX]; /* ends with NUL */
    uint64_t seen;
};

/* Times are nanoseconds of the monotonic clock, 0: never. */
struct control_service {
    char name[CONTROL_NAME_MAX];
    char state[16];                /* "running", ... */
    char reason[CONTROL_TEXT_MAX]; /* why it is in this state */
    char status[CONTROL_TEXT_MAX]; /* what it says of itself */
    int32_t pid;                   /* 0: none */
    int32_t exit_status; /* of the last process, as wait's; -1: none */
    uint32_t restarts;
    int8_t health; /* 1 well, 0 not, -1 unknown */
    uint8_t enabled, wanted, essential;
    uint64_t changed, started, ready, beat, first_started, first_ready;
};

struct control_phase {
    char name[CONTROL_NAME_MAX];
    uint64_t began, ended;
};
