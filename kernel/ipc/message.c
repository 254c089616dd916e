#include "ipc/message.h"

#include "abi/errno.h"
#include "arch/layout.h"
#include "fs/file.h"
#include "ipc/name.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/cred.h"
#include "proc/thread.h"

/* Each payer has a share (proc/cred.h). */
#define FILES_MAX    1024u /* on their way, of one share */
#define MEMORY_PARTS 4u    /* of all memory, one is for messages; */
#define SHARE_PARTS  16u   /* a share is at most one of so many */

/* What rights take. */
#define RIGHTS_BYTES \
    (sizeof(struct rights) + SCM_MAX_FD * sizeof(struct file *))

static struct {
    /* atomic */
    size_t bytes; /* of all */
    struct {
        size_t bytes;
        unsigned files;
    } of[PAYERS];
} shares;

/* ---- Files ---- */

struct rights *
rights_create(void)
{
    return kzalloc(RIGHTS_BYTES);
}

/* A socket that goes takes its queue with it, in which there may be files of
 * sockets whose queues ... A chain of them can be as long as its maker likes,
 * and the stack is short: the outermost call lets go of all. */
void
rights_free(struct rights *rights)
{
    struct thread *self = thread_current();
    struct rights *first = NULL, **outer = self->rights;
    if (!rights)
        return;
    if (outer) {
        rights->next = *outer;
        *outer = rights;
        return;
    }
    self->rights = &first;
    rights->next = NULL;
    for (; rights; rights = first) {
        first = rights->next;
        for (unsigned i = 0; i < rights->count; i++)
            file_put(rights->files[i]);
        kfree(rights);
    }
    self->rights = NULL;
}

void
message_uncharge(size_t bytes, unsigned files, unsigned user)
{
    __atomic_sub_fetch(&shares.of[user].files, files, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&shares.of[user].bytes, bytes, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&shares.bytes, bytes, __ATOMIC_RELAXED);
}

int
message_charge(size_t bytes, unsigned files, unsigned *user)
{
    size_t all = frame_count_total() * PAGE_SIZE;
    size_t own = all / SHARE_PARTS, limit = all / MEMORY_PARTS;
    *user = cred_payer(cred_current());
    bool too_many = __atomic_add_fetch(&shares.of[*user].files, files,
                                       __ATOMIC_RELAXED) > FILES_MAX;
    bool too_much = __atomic_add_fetch(&shares.of[*user].bytes, bytes,
                                       __ATOMIC_RELAXED) > own;
    /* Others leave a share for root. */
    too_much |= __atomic_add_fetch(&shares.bytes, bytes, __ATOMIC_RELAXED) >
                (*user == CRED_PAYER_ROOT ? limit : limit - own);
    int err = files && too_many ? -ETOOMANYREFS : too_much ? -ENOBUFS : 0;
    if (err)
        message_uncharge(bytes, files, *user);
    return err;
}

struct rights *
message_take_rights(struct message *m)
{
    struct rights *rights = m->rights;
    if (rights)
        message_uncharge(RIGHTS_BYTES, rights->count, m->user);
    m->rights = NULL;
    return rights;
}

struct rights *
message_copy_rights(const struct message *m)
{
    struct rights *copy = m->rights ? rights_create() : NULL;
    if (!copy)
        return NULL;
    copy->count = m->rights->count;
    for (unsigned i = 0; i < copy->count; i++)
        copy->files[i] = file_ref(m->rights->files[i]);
    return copy;
}

/* ---- Messages ---- */

int
message_create(size_t len, struct rights *rights, struct message **out)
{
    unsigned user, files = rights ? rights->count : 0;
    size_t bytes = sizeof(struct message) + len;
    size_t all = bytes + (rights ? RIGHTS_BYTES : 0);
    int err = message_charge(all, files, &user);
    struct message *m = err ? NULL : kmalloc(bytes);
    if (!err && !m)
        message_uncharge(all, files, user);
    if (!m)
        return err ? err : -ENOBUFS;
    *m = (struct message){
        .len = len, .charge = bytes, .user = user, .rights = rights};
    list_init(&m->node);
    list_init(&m->carrier_node);
    *out = m;
    return 0;
}

void
message_free(struct message *m)
{
    rights_free(message_take_rights(m));
    message_uncharge(m->charge, 0, m->user);
    name_put(m->from);
    kfree(m);
}

void
message_free_all(struct list_node *list)
{
    struct list_node *node;
    while ((node = list_pop_front(list)))
        message_free(list_entry(node, struct message, node));
}
