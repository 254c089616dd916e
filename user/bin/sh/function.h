/* Functions that scripts define. */
#pragma once

#include "node.h"
#include "text.h"

/* body must stay as long as the shell runs. */
void function_define(const char *name, struct node *body);
struct node *function_find(const char *name); /* NULL if there is none */

/* Runs body with args[1] and on as its parameters. */
void function_call(struct node *body, const struct strings *args);
