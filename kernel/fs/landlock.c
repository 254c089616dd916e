#include "fs/landlock.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "lib/refcount.h"
#include "mm/slab.h"
#include "proc/process.h"

#define LAYERS_MAX 16u

struct landlock {
    /* constant after init */
    uint32_t handled;
    struct landlock *outer; /* what the process was restricted to before, with
                             * a reference */
    unsigned layers;        /* with those before */

    /* atomic */
    uint32_t refs;

    /* guarded by landlock_lock; constant in a process's */
    unsigned count;
    struct {
        struct dentry *at; /* with a reference */
        uint32_t access;
    } rules[LANDLOCK_RULES_MAX];
};

static struct spinlock landlock_lock = SPINLOCK_INIT("landlock", RANK_SPIN);

struct landlock *
landlock_create(uint32_t handled)
{
    struct landlock *rules = kzalloc(sizeof(*rules));
    if (rules) {
        rules->handled = handled;
        rules->layers = rules->refs = 1;
    }
    return rules;
}

int
landlock_allow(struct landlock *rules, struct dentry *at, uint32_t access)
{
    if (access & ~rules->handled)
        return -EINVAL;
    spin_guard(&landlock_lock);
    if (rules->count == LANDLOCK_RULES_MAX)
        return -E2BIG;
    rules->rules[rules->count].at = dentry_ref(at);
    rules->rules[rules->count++].access = access;
    return 0;
}

struct landlock *
landlock_ref(struct landlock *rules)
{
    if (rules)
        refcount_add(&rules->refs);
    return rules;
}

void
landlock_put(struct landlock *rules)
{
    while (rules && refcount_drop(&rules->refs)) {
        struct landlock *outer = rules->outer;
        for (unsigned i = 0; i < rules->count; i++)
            dentry_put(rules->rules[i].at);
        kfree(rules);
        rules = outer;
    }
}

/* The layers that a process has lie behind one another: who reads one needs
 * no lock, for it stays as long as the context. */
int
landlock_restrict(struct fs_context *ctx, struct landlock *rules)
{
    struct landlock *copy = landlock_create(rules->handled);
    if (!copy)
        return -ENOMEM;
    spin_lock(&landlock_lock);
    for (; copy->count < rules->count; copy->count++) {
        copy->rules[copy->count] = rules->rules[copy->count];
        dentry_ref(copy->rules[copy->count].at);
    }
    if (ctx->landlock)
        copy->layers += ctx->landlock->layers;
    bool fits = copy->layers <= LAYERS_MAX;
    if (fits) {
        copy->outer = ctx->landlock;
        __atomic_store_n(&ctx->landlock, copy, __ATOMIC_RELEASE);
    }
    spin_unlock(&landlock_lock);
    if (!fits)
        landlock_put(copy);
    return fits ? 0 : -E2BIG;
}

static const struct landlock *
own_rules(void)
{
    return __atomic_load_n(&process_current()->fs->landlock, __ATOMIC_ACQUIRE);
}

int
landlock_check(const struct dentry *d, uint32_t access)
{
    for (const struct landlock *l = own_rules(); l; l = l->outer) {
        uint32_t missing = access & l->handled;
        for (unsigned i = 0; missing && i < l->count; i++)
            if (dentry_is_inside(d, l->rules[i].at))
                missing &= ~l->rules[i].access;
        if (missing)
            return -EACCES;
    }
    return 0;
}

uint32_t
landlock_making(uint32_t mode)
{
    static const uint16_t access[16] = {
        [S_IFCHR >> 12] = LANDLOCK_ACCESS_FS_MAKE_CHAR,
        [S_IFDIR >> 12] = LANDLOCK_ACCESS_FS_MAKE_DIR,
        [S_IFREG >> 12] = LANDLOCK_ACCESS_FS_MAKE_REG,
        [S_IFSOCK >> 12] = LANDLOCK_ACCESS_FS_MAKE_SOCK,
        [S_IFIFO >> 12] = LANDLOCK_ACCESS_FS_MAKE_FIFO,
        [S_IFBLK >> 12] = LANDLOCK_ACCESS_FS_MAKE_BLOCK,
        [S_IFLNK >> 12] = LANDLOCK_ACCESS_FS_MAKE_SYM,
    };
    return access[mode >> 12 & 15];
}

bool
landlock_is_on(void)
{
    return own_rules();
}
