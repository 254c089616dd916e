/* What the fuzz targets share: how an input is read, and what judges.
 *
 * A target gets bytes that anybody may have made, and takes from them, from
 * front to back, whatever it needs to decide; where there are no more it reads
 * zeros. It must do the same for the same input each time. Whatever the
 * sanitizers say, or a FUZZ_CHECK that fails, is a finding. libFuzzer calls
 * what is declared here; main.c does so where there is none. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target with inputs of its own kind changes them itself; the second changes
 * bytes, for those that it does not know. Both return the new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* Ends the run with what is not so. */
#define FUZZ_CHECK(condition) \
    ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

static inline _Noreturn void
fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* The next n <= 8 bytes as a number. */
static inline uint64_t
fuzz_number(struct fuzz_input *in, size_t n)
{
    uint64_t number = 0;

    for (size_t i = 0; i < n && in->left > 0; i++, in->left--)
        number |= (uint64_t)*in->at++ << 8 * i;
    return number;
}

/* A choice of n > 0. */
static inline unsigned
fuzz_choose(struct fuzz_input *in, unsigned n)
{
    return (unsigned)(fuzz_number(in, n > 256 ? 2 : 1) % n);
}

/* The next *n bytes, or as many as there are, which *n then says. */
static inline const uint8_t *
fuzz_bytes(struct fuzz_input *in, size_t *n)
{
    const uint8_t *bytes = in->at;

    *n = *n < in->left ? *n : in->left;
    in->at += *n;
    in->left -= *n;
    return bytes;
}

/* A copy of the next n bytes, zeros behind those that there are, in an
 * allocation of just that size. The caller frees it. */
static inline uint8_t *
fuzz_copy(struct fuzz_input *in, size_t n)
{
    size_t have = n;
    const uint8_t *bytes = fuzz_bytes(in, &have);
    uint8_t *copy = calloc(1, n + (n == 0));

    FUZZ_CHECK(copy);
    if (have > 0)
        memcpy(copy, bytes, have);
    return copy;
}
