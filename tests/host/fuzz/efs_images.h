/* The images that fuzz_efs.c begins with, and damage to them.
 *
 * Owns a disk in memory and what it was before; only blocks that have changed
 * are set back. One thread; needs bcache_init. */
#pragma once

#include "dev/blockdev.h"

struct fuzz_input;

/* Names that lead somewhere in one of the images; and the pattern of those, by
 * number, of which some directories have very many. */
extern const char *const images_names[];
extern const unsigned images_nnames;
#define IMAGES_MANY "a name that is rather long, number %u"

/* Makes all images. Once. */
void images_make(void);

/* Puts the image that the input names on the disk, with the damage that it
 * says. Returns whether fsck must find nothing wrong with it. */
bool images_load(struct fuzz_input *in);

struct blockdev *images_disk(void);
bool images_is_large(void);
