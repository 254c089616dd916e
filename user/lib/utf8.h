/* Characters of UTF-8, and the columns they take on a terminal. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The character at s, n > 0 bytes long: sets *code to it and returns its
 * length in bytes. What is no UTF-8 is a character of one byte. */
size_t utf8_next(const char *s, size_t n, uint32_t *code);

/* How many bytes a character has that begins with this byte: 1 to 4. */
size_t utf8_length(unsigned char first);

/* 2 for wide characters, 0 for marks that combine with the one before, else
 * 1. */
int utf8_columns(uint32_t code);
