/* The values of service files: text into numbers, times and words.
 *
 * Each returns NULL if the text was right, or what was expected instead, as
 * the rest of a sentence: "expected " ... */
#pragma once

#include "config.h"

/* "yes" or "no". */
const char *value_bool(const char *text, bool *to);

/* A whole number up to max. */
const char *value_number(const char *text, uint64_t max, uint64_t *to);

/* An octal number of permissions. */
const char *value_octal(const char *text, unsigned *to);

/* A number with a unit, ms, s, min or h; the number 0 needs none. */
const char *value_time(const char *text, uint64_t *to);

/* A number, with K, M or G perhaps, or "none", which is CONFIG_NO_LIMIT. */
const char *value_limit(const char *text, uint64_t *to);

/* The name of a signal, as TERM or SIGTERM. */
const char *value_signal(const char *text, int *to);

/* Appends the words of text to a list: blanks divide them, "" and \ quote.
 * NULL, or the error, memory's too. */
const char *value_words(const char *text, struct config_list *to);
