/* The images that fuzz_efs.c begins with, and damage to them.
 *
 * Owns the images, and a disk with each. One thread; needs bcache_init. */
#pragma once

#include "dev/blockdev.h"

struct fuzz_input;

/* Names that lead somewhere in one of the images. */
extern const char *const images_names[];
extern const unsigned images_nnames;

/* One of the names of which some directories of the image that is loaded have
 * more than a block holds; puts it into NAME_MAX + 1 bytes. */
void images_many(char *name, unsigned number);

/* Makes all images. Once. */
void images_make(void);

/* Puts the image that the input names on the disk, with the damage that it
 * says. Returns whether fsck must find nothing wrong with it. */
bool images_load(struct fuzz_input *in);

struct blockdev *images_disk(void);
bool images_is_large(void);
