/* Runs loops. */
#pragma once

#include "node.h"

/* n is a NODE_WHILE or NODE_UNTIL, or a NODE_FOR. Both set $?. */
void loop_while(struct node *n);
void loop_for(struct node *n);
