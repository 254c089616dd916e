/* What the kinds of damage are made of: finding things in an image that may
 * be damaged already, and odd values for them. All addresses lie in the image,
 * with a block behind them; see mutate.h. */
#pragma once

#include "abi/eclipsefs.h"
#include "lib/bits.h"
#include "mutate.h"

#define BLOCK 4096u
#define TRIES 64u

/* A random number below that; 0 below 0. */
uint64_t mutate_any(struct mutation *m, uint64_t below);

/* A number that is more likely to matter than any; a field gets one. */
uint64_t mutate_odd(struct mutation *m, uint64_t now);
void mutate_odd32(struct mutation *m, uint8_t *field);
void mutate_odd64(struct mutation *m, uint8_t *field);

struct eclipsefs_header *mutate_header(struct mutation *m);
struct efsx_header *mutate_ext(struct mutation *m);
struct eclipsefs_slot *mutate_slot(struct mutation *m, uint32_t ino);

/* The address, or the last one with a block behind it. */
uint64_t mutate_clamp(struct mutation *m, uint64_t address);

/* The block of a random inode that is in use. */
uint8_t *mutate_record(struct mutation *m, uint32_t *ino);

/* A TLV of that tag, and the record that has it; or NULL. */
struct eclipsefs_tlv *mutate_tlv(struct mutation *m, unsigned tag,
                                 uint8_t **record);

/* A block that begins with magic, or NULL. */
uint8_t *mutate_block(struct mutation *m, uint32_t magic);

/* Make checksums right again, if m wants that. */
void mutate_seal_header(struct mutation *m);
void mutate_seal_record(struct mutation *m, uint8_t *record);
void mutate_seal_block(struct mutation *m, uint8_t *block);

/* The kinds. */
#define KIND(name) void mutate_##name(struct mutation *m);
#include "kinds.def"
#undef KIND
