/* Checking an eclipsefs image, and mending it.
 *
 * All of docs/eclipsefs.md is checked: header, journal, inode table, records,
 * extents, directories, bitmap, link counts, what is reachable, cycles,
 * duplicate names, overlaps and checksums. Mending ends in a tree that mounts:
 * what cannot be kept is let go of, and what has lost its name gets one in
 * /lost+found. One thread. */
#pragma once

#include "dev/blockdev.h"

struct check_finding {
    bool note;        /* legal, but worth knowing: not counted as wrong */
    const char *kind; /* one word for programs: "inode", "links", ... */
    uint32_t ino;     /* 0: none */
    uint64_t block;   /* where on the device; 0: nowhere in particular */
    char text[200];
};

struct check_options {
    bool repair; /* what is noted is settled too; a plain image is never
                  * changed */

    /* Called for each finding and note; NULL: they are only counted. */
    void (*report)(const struct check_finding *finding, void *context);
    void *context;
};

struct check_result {
    unsigned findings; /* places where the image breaks a rule */
    unsigned notes;    /* what is legal, but should be known, as orphans */
    bool extended;
    bool repaired;    /* all findings were mended */
    unsigned rounds;  /* of mending: mostly one */
    int transactions; /* that stood in the journal */
    uint32_t files, directories, symlinks, others;
    uint64_t blocks_used, blocks; /* of an extended image */
};

/* Checks the image on dev. Returns 0, however much is wrong with it; -EINVAL,
 * -EOPNOTSUPP or -EUCLEAN if it is no image that can be looked into; -EIO,
 * -ENOMEM. With repair and findings, if not all could be mended: -EOPNOTSUPP
 * (a plain image), -ENOSPC, -EUCLEAN, -EIO, -ENOMEM. Errors come with *why. */
int check_image(struct blockdev *dev, const struct check_options *options,
                struct check_result *result, const char **why) MUST_CHECK;
