/* What the file system may look like after power loss: a model of a trace of
 * operations, and the comparison of a tree with it.
 *
 * A trace is a text, one operation a line, in the order they were made:
 *
 *     RESULT BEFORE AFTER VERB ARGUMENTS...
 *
 * RESULT is what the operation returned; BEFORE and AFTER say how many
 * entries the disk's write log had when it was begun, and when it was over.
 * The verbs are those of user/tests/crash.c.
 *
 * The rules, at a cut after the first n entries of the log:
 * - names are as after some operation j, the same for the whole tree. j is no
 *   less than that of the last change of names that a finished sync, or a
 *   finished fsync of the node concerned, covers; and no more than the last
 *   operation begun.
 * - a file's content is, byte by byte, what it was at some moment since its
 *   last finished fsync, and its length likewise; a write of several pages is
 *   as many moments. No byte comes from anywhere else.
 * - where a file has taken another's name, its content is complete: what was
 *   written to it before has happened.
 * Owned by who made it; one thread. */
#pragma once

#include "lib/compiler.h"

struct model;

/* Reads a trace. Ends the program if it cannot be understood. */
struct model *model_load(const char *path);
void model_free(struct model *m);

/* What was found, node by node; model_found_node before its descendants. */
void model_found_begin(struct model *m);

/* kind: 'f', 'd', 'l' or 'c' (device); target of a link, else "". */
void model_found_node(struct model *m, const char *path, char kind,
                      unsigned mode, unsigned nlink, const char *target);

/* The content of a file found before; the bytes are copied. */
void model_found_content(struct model *m, const char *path,
                         const uint8_t *bytes, size_t size);

/* Compares all that was found with what is possible at a cut after n log
 * entries. Returns true, or false with the reason in text. */
bool model_found_end(struct model *m, size_t n, char *text, size_t size);
