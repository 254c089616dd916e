/* Credentials: on whose behalf a thread acts.
 *
 * Owns struct cred, which never changes once others can see it: it is counted
 * and replaced whole. A thread has one, which only it replaces, so the running
 * thread's needs no lock. Its process has the one that a thread of it took on
 * last, for others to judge it by: guarded by process_lock. Thread context. */
#pragma once

#include "abi/cred.h"
#include "mm/payer.h"
#include "sync/spinlock.h"

struct filter;
struct process;

/* The table's of proc/process.h, which guards what processes look like. */
extern struct spinlock process_lock;

/* A user or a group, four times. */
struct cred_ids {
    uint32_t real, effective, saved;
    uint32_t fs; /* what files go by: effective, but for setfsuid */
};

struct cred {
    /* atomic */
    uint32_t refs;

    /* constant once it is shared */
    struct cred_ids uid, gid;
    bool no_new_privs; /* programs run with set-id bits have no effect */
    bool is_hidden; /* has been more than its user is: whom nobody but root may
                     * look into */
    struct filter *filter; /* of system calls, with a reference; or NULL */
    unsigned group_count;
    uint32_t groups[CRED_GROUPS_MAX];
};

/* The running thread's. It stays until that thread replaces it. Kernel
 * threads are root. */
const struct cred *cred_current(void);

/* Who may do what only the superuser may. */
static inline bool
cred_is_root(const struct cred *cred)
{
    return cred->uid.effective == 0;
}

/* Who pays for what is taken on its behalf (mm/payer.h): root alone, and users
 * whose numbers are equal modulo the rest together. */
#define CRED_PAYER_ROOT 1u
static inline unsigned
cred_payer(const struct cred *cred)
{
    return cred->uid.real == 0 ? CRED_PAYER_ROOT
                               : 2 + cred->uid.real % (PAYERS - 2);
}

/* Whether files of group gid are to cred those of its group. */
static inline bool
cred_in_group(const struct cred *cred, uint32_t gid)
{
    unsigned i = 0;
    while (i < cred->group_count && cred->groups[i] != gid)
        i++;
    return gid == cred->gid.fs || i < cred->group_count;
}

/* A copy of the running thread's, to be changed and then handed to cred_set or
 * cred_put. NULL without memory. */
struct cred *cred_copy(void);

/* Takes over the reference to cred, for the running thread and for its
 * process as others see it. */
void cred_set(const struct cred *cred) EXCLUDES(process_lock);

/* Makes cred the running thread's alone; returns the former one, to be
 * put back in the same way. The references stay the caller's. */
const struct cred *cred_exchange(const struct cred *cred) MUST_CHECK;

const struct cred *cred_get(const struct cred *cred); /* adds a reference */
void cred_put(const struct cred *cred);

/* Makes the copy cred what the running thread is to be once it runs a program
 * whose file has this mode and owner [posix, exec]. readable: the caller may
 * read the file, and so what runs. */
void cred_run_program(struct cred *cred, uint32_t mode, uint32_t uid,
                      uint32_t gid, bool readable);

/* Whether the program is not to trust who ran it. */
bool cred_is_secure(const struct cred *cred);

/* Whether the running thread may send sig (0: any) to target; look into its
 * memory, files and limits; or change how it is scheduled. */
bool cred_may_signal(const struct process *target, int sig)
    REQUIRES(process_lock);
bool cred_may_inspect(const struct process *target) REQUIRES(process_lock);
bool cred_may_schedule(const struct process *target) REQUIRES(process_lock);
