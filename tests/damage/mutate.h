/* Damage to an extended eclipsefs image, of some kind and otherwise random.
 *
 * Owns nothing; one thread. */
#pragma once

#include "lib/compiler.h"

struct mutation {
    uint8_t *image;
    size_t size;
    uint64_t random; /* the seed, not 0; moves on */
    bool reseal;     /* checksums are made right again, so that what lies
                      * behind them is met */
};

/* How many kinds there are, and their names. */
unsigned mutation_kinds(void);
const char *mutation_name(unsigned kind);

/* Damages the image. One that does not have what the kind damages is left as
 * it is. */
void mutation_apply(struct mutation *m, unsigned kind);
