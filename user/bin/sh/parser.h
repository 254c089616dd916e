/* Builds commands out of tokens. */
#pragma once

#include "node.h"
#include "source.h"

enum parse_result {
    PARSE_COMMAND,
    PARSE_EMPTY, /* a line without a command */
    PARSE_END,   /* of the source */
    PARSE_ERROR, /* was reported */
};

/* Parses one complete command, up to the end of its line, into *to with the
 * memory of a. *keep is set if the command defines a function, which holds
 * on to that memory. */
enum parse_result parser_read(struct source *s, struct arena *a,
                              struct node **to, bool *keep);
