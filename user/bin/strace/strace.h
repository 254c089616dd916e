/* strace: what its files share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX 96
#define DATA_MAX 96
#define ARGV_MAX 8 /* of a program's arguments */

/* A thread's call that is going on. */
struct call {
    int32_t tid; /* 0: free */
    uint64_t number, args[6];
    char texts[6][TEXT_MAX + 1]; /* what strings among them say */
    uint8_t has_text;            /* a bit each */
    char argv[ARGV_MAX][TEXT_MAX + 1];
    unsigned argc;
    _Alignas(8) char data[6][DATA_MAX]; /* what structures have */
    uint8_t has_data, half;             /* a bit each; half of it is there */
    int64_t result;
    bool is_over;
};

struct flag {
    uint64_t bit;
    const char *name;
};

/* decode.c: writes "name(arguments)". */
void call_format(const struct call *call, char *to, size_t size);

/* Writes what came of it: " = 3", " = -1 ENOENT (No such file or directory)".
 */
void result_format(uint64_t number, int64_t result, char *to, size_t size);

/* structures.c: writes what the structure says that an argument points to.
 * Returns whether it is known. */
bool structure_format(const struct call *call, unsigned arg, char *to,
                      size_t size);

/* The name of a request of ioctl, or NULL. */
const char *control_name(uint64_t request);

/* The name of a call, or NULL; its number, or -1. */
const char *call_name(uint64_t number);
long call_number(const char *name);
