#include "ipc/name.h"

#include "abi/errno.h"
#include "dev/random.h"
#include "fs/names.h"
#include "lib/refcount.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/process.h"

#define BUCKETS 64u

#define FAMILY_LEN ((unsigned)offsetof(struct sockaddr_un, sun_path))

/* Free names have five hexadecimal digits [unix(7)]. */
#define FREE_NAMES 0x100000u

static struct list_node buckets[BUCKETS]; /* guarded by socket_lock */

struct socket_name *
name_ref(struct socket_name *name)
{
    if (name)
        refcount_add(&name->refs);
    return name;
}

void
name_put(struct socket_name *name)
{
    if (name && refcount_drop(&name->refs))
        kfree(name);
}

int
name_read_address(uint64_t user, unsigned len, struct socket_address *out)
{
    memset(out, 0, sizeof(*out));
    if (len < FAMILY_LEN || len > sizeof(out->un))
        return -EINVAL;
    if (uaccess_read(&out->un, uaddr(user), len) != 0)
        return -EFAULT;
    if (out->un.sun_family != AF_UNIX)
        return -EINVAL;
    /* A path ends at its zero byte, and is told with one. */
    out->len =
        len > FAMILY_LEN && out->un.sun_path[0]
            ? FAMILY_LEN + 1 +
                  (unsigned)strnlen(out->un.sun_path, sizeof(out->un.sun_path))
            : len;
    return 0;
}

/* ---- The table ---- */

/* The bucket of a path that leads to inode, or, if that is NULL, of an abstract
 * name. */
static struct list_node *
bucket_of(const struct inode *inode, const struct socket_address *address)
{
    uint32_t hash = (uint32_t)((uintptr_t)inode >> 6);
    for (unsigned i = FAMILY_LEN; !inode && i < address->len; i++)
        hash = hash * 31 + (uint8_t)address->un.sun_path[i - FAMILY_LEN];
    struct list_node *bucket = &buckets[(hash ^ hash >> 12) % BUCKETS];
    if (!bucket->next)
        list_init(bucket);
    return bucket;
}

/* An abstract name is one for each type. */
static struct socket *
find_locked(const struct inode *inode, const struct socket_address *address,
            int type) REQUIRES(socket_lock)
{
    struct list_node *bucket = bucket_of(inode, address);
    struct socket *s;
    list_for_each_entry (s, bucket, name_node) {
        const struct socket_address *its = &s->name->address;
        if (inode ? s->place && s->place->inode == inode
                  : !s->place && s->type == type && its->len == address->len &&
                        memcmp(&its->un, &address->un, its->len) == 0)
            return s;
    }
    return NULL;
}

/* Names s, which keeps the references if that succeeds. */
static int
enter(struct socket *s, struct socket_name *name, struct dentry *place)
{
    const struct inode *inode = place ? place->inode : NULL;
    spin_guard(&socket_lock);
    if (s->name)
        return -EINVAL;
    if (find_locked(inode, &name->address, s->type))
        return -EADDRINUSE;
    s->name = name;
    s->place = place;
    list_push_back(bucket_of(inode, &name->address), &s->name_node);
    return 0;
}

void
name_unbind_locked(struct socket *s)
{
    list_del(&s->name_node);
}

/* ---- Binding ---- */

static int
bind_path(struct socket *s, struct socket_name *name, const char *path)
{
    struct fs_context *fs = process_current()->fs;
    struct inode_new what = {.mode = S_IFSOCK | (0777 & ~READ_ONCE(fs->umask))};
    struct path_name at;
    struct dentry *place;
    int err = path_lookup_parent(fs, NULL, path, 0, &at);
    if (err)
        return err;
    err = names_create(&at, &what, &place);
    if (!err) {
        err = enter(s, name, place);
        if (err) { /* another thread was first to name s */
            (void)!names_unlink(&at, false);
            dentry_put(place);
        }
    }
    dentry_put(at.dir);
    return err == -EEXIST ? -EADDRINUSE : err;
}

static int
bind_free(struct socket *s, struct socket_name *name)
{
    uint32_t number;
    int err = -EADDRINUSE;
    random_fill(&number, sizeof(number));
    name->address.len = FAMILY_LEN + 6;
    for (uint32_t i = 0; i < FREE_NAMES && err == -EADDRINUSE; i++) {
        snprintf(name->address.un.sun_path + 1, 6, "%05x",
                 (number + i) % FREE_NAMES);
        err = enter(s, name, NULL);
    }
    return err;
}

int
name_bind(struct socket *s, const struct socket_address *address)
{
    if (READ_ONCE(s->name))
        return address->len == FAMILY_LEN ? 0 : -EINVAL;
    struct socket_name *name = kmalloc(sizeof(*name));
    if (!name)
        return -ENOMEM;
    *name = (struct socket_name){.refs = 1, .address = *address};
    int err;
    if (address->len == FAMILY_LEN)
        err = bind_free(s, name);
    else if (address->un.sun_path[0])
        err = bind_path(s, name, address->un.sun_path);
    else
        err = enter(s, name, NULL);
    if (err)
        kfree(name);
    return err;
}

/* ---- Finding ---- */

/* The inode that a path leads to, with a reference to its place. */
static int
find_place(const char *path, struct dentry **out)
{
    int err = path_lookup(process_current()->fs, NULL, path, PATH_FOLLOW, out);
    if (err)
        return err;
    const struct inode *inode = (*out)->inode;
    if (!inode_may(inode, cred_current(), MAY_WRITE))
        err = -EACCES;
    else if (!S_ISSOCK(inode->mode))
        err = -ECONNREFUSED;
    if (err)
        dentry_put(*out);
    return err;
}

int
name_find(const struct socket_address *address, int type, struct socket **out)
{
    struct dentry *place = NULL;
    if (address->len == FAMILY_LEN)
        return -EINVAL;
    int err =
        address->un.sun_path[0] ? find_place(address->un.sun_path, &place) : 0;
    if (err)
        return err;
    spin_lock(&socket_lock);
    struct socket *s = find_locked(place ? place->inode : NULL, address, type);
    if (!s)
        err = -ECONNREFUSED;
    else if (s->type != type)
        err = -EPROTOTYPE;
    else
        *out = socket_ref(s);
    spin_unlock(&socket_lock);
    if (place)
        dentry_put(place);
    return err;
}
