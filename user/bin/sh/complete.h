/* What a word on the command line could become. */
#pragma once

#include "text.h"
#include <stdbool.h>

struct completion {
    size_t from;          /* where the word begins in the line */
    struct strings names; /* candidates, sorted; directories end in '/' */
    char *common;         /* what they all begin with, quoted for the line */
    bool is_path;         /* names lack the directories typed before them */
};

/* Looks for candidates for the word that ends at line[cursor]. */
void complete(const char *line, size_t cursor, struct completion *to);
void complete_free(struct completion *c);
