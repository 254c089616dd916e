/* The device trees that tests/host/make_dtbs.py makes, for tests to read.
 *
 * Owns the list; one thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DTBS_MAX 64

struct dtb {
    char name[64];
    /* Packed, in an allocation of exactly `size` bytes, so that the address
     * sanitizer sees every read behind the end. */
    uint8_t *blob;
    size_t size;
};

/* Makes trees in a directory named after the running program, and loads them:
 * those of tests/host/dts with the names, which have blanks between them, or if
 * names is empty all there are. Ends the program with status 1 if that fails.
 */
void dtbs_load(const char *program, const char *names);

extern struct dtb dtbs[DTBS_MAX];
extern unsigned ndtbs;

/* The tree of that name, "moved" for moved.dtb; it must exist. */
const struct dtb *dtb_get(const char *name);
