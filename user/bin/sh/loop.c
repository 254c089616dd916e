#include "loop.h"
#include "exec.h"
#include "expand.h"
#include "shell.h"
#include "vars.h"

/* After a loop's body: whether to go round again. */
static bool
loop_goes_on(void)
{
    if (shell.jump == JUMP_BREAK || shell.jump == JUMP_CONTINUE) {
        bool here = shell.jump_levels <= 1;
        bool again = here && shell.jump == JUMP_CONTINUE;
        if (here)
            shell.jump = JUMP_NONE;
        else
            shell.jump_levels--;
        return again;
    }
    return shell.jump == JUMP_NONE;
}

void
loop_while(struct node *n)
{
    bool wanted = n->kind == NODE_WHILE;
    int status = 0;

    shell.loops++;
    while (exec_condition(n->a) == wanted && shell.jump == JUMP_NONE) {
        exec_node(n->b);
        status = shell.status;
        if (!loop_goes_on())
            break;
    }
    shell.loops--;
    if (shell.jump == JUMP_NONE)
        shell.status = status;
}

void
loop_for(struct node *n)
{
    struct strings items = {0};

    if (n->has_in)
        expand_words(n->words, &items);
    else
        for (size_t i = 0; i < shell.count; i++)
            strings_add(&items, xstrdup(shell.params[i]));
    shell.status = shell.jump == JUMP_ABORT;
    shell.loops++;
    for (size_t i = 0; i < items.count && shell.jump == JUMP_NONE; i++) {
        vars_set(n->name, items.items[i]);
        exec_node(n->a);
        if (!loop_goes_on())
            break;
    }
    shell.loops--;
    strings_free(&items);
}
