/* Damage to the entries of directories. */
#include "mutate_impl.h"

#include <string.h>

/* ---- Names ---- */

/* Some entry, in a record or in a leaf; *len is the room up to the end of its
 * run. */
static struct eclipsefs_dirent *
any_name(struct mutation *m, uint8_t **block, bool *in_record, uint32_t *room)
{
    uint8_t *at = mutate_any(m, 2) ? mutate_block(m, EFSX_LEAF_MAGIC) : NULL;

    *in_record = !at;
    if (at) {
        *block = at;
        *room = MIN(le32_load(at + 8), (uint32_t)EFSX_BLOCK_ROOM);
        at += sizeof(struct efsx_block);
    } else {
        struct eclipsefs_tlv *tlv = mutate_tlv(m, ECLIPSEFS_ENTRIES, block);
        if (!tlv)
            return NULL;
        *room = le32_load(tlv->length);
        at = (uint8_t *)(tlv + 1);
    }
    for (uint64_t skip = mutate_any(m, 40); skip > 0 && *room >= 8; skip--) {
        uint32_t len = 8 + le32_load(at);
        if (len >= *room || len < 8)
            break;
        at += len;
        *room -= len;
    }
    return *room >= 9 ? (void *)at : NULL;
}

static void
seal_names(struct mutation *m, uint8_t *block, bool in_record)
{
    if (in_record)
        mutate_seal_record(m, block);
    else
        mutate_seal_block(m, block);
}

void
mutate_name_length(struct mutation *m)
{
    bool in_record;
    uint8_t *block;
    uint32_t room;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    mutate_odd32(m, e->name_len);
    seal_names(m, block, in_record);
}

void
mutate_name_inode(struct mutation *m)
{
    bool in_record;
    uint8_t *block;
    uint32_t room, ino;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    if (mutate_any(m, 2))
        mutate_odd32(m, e->inode);
    else if (mutate_record(m, &ino)) /* a second name, a cycle */
        le32_store(e->inode, ino);
    seal_names(m, block, in_record);
}

void
mutate_name_bytes(struct mutation *m)
{
    static const char odd[] = {'/', '\0', '.', 'x', '\xff'};
    bool in_record;
    uint8_t *block;
    uint32_t room;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    uint32_t len = MAX(le32_load(e->name_len), 1u);
    len = MIN(len, room - 8);
    ((uint8_t *)(e + 1))[mutate_any(m, len)] =
        (uint8_t)odd[mutate_any(m, sizeof odd)];
    seal_names(m, block, in_record);
}

void
mutate_name_dots(struct mutation *m)
{
    bool in_record;
    uint8_t *block;
    uint32_t room;
    struct eclipsefs_dirent *e = any_name(m, &block, &in_record, &room);

    if (!e)
        return;
    uint32_t len = MIN(le32_load(e->name_len), 2u);
    memset(e + 1, '.', MIN(len, room - 8));
    seal_names(m, block, in_record);
}
