/* Amounts of bytes as people write and read them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number and perhaps a unit: b is 512 bytes, K, M, G, T and P
 * are powers of 1024 (KiB too, k too), KB, MB and so on powers of 1000; x
 * between two of them multiplies. False if text is no such thing, or too
 * large. */
bool size_parse(const char *text, uint64_t *to);

/* size_parse, or a complaint and the end of the program with 2. */
uint64_t size_of(const char *text);

/* Writes bytes in at most five characters, rounded up: "1023", "4.0K", "12M".
 */
void size_human(uint64_t bytes, char to[8]);
