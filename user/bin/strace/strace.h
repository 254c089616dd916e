/* strace: what its files share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX 96

/* A thread's call that is going on. */
struct call {
    int32_t tid; /* 0: free */
    uint64_t number, args[6];
    char texts[6][TEXT_MAX + 1]; /* what strings among them say */
    uint8_t has_text;            /* a bit each */
};

/* decode.c: writes "name(arguments)". */
void call_format(const struct call *call, char *to, size_t size);

/* Writes what came of it: " = 3", " = -1 ENOENT (No such file or directory)".
 */
void result_format(uint64_t number, int64_t result, char *to, size_t size);

/* The name of a call, or NULL; its number, or -1. */
const char *call_name(uint64_t number);
long call_number(const char *name);
