#include "function.h"
#include "exec.h"
#include "shell.h"
#include <string.h>

struct function {
    struct function *next;
    struct node *body;
    char *name;
};

static struct function *functions;

struct node *
function_find(const char *name)
{
    for (struct function *f = functions; f; f = f->next)
        if (strcmp(f->name, name) == 0)
            return f->body;
    return NULL;
}

void
function_define(const char *name, struct node *body)
{
    struct function *f = functions;

    while (f && strcmp(f->name, name) != 0)
        f = f->next;
    if (!f) {
        f = xmalloc(sizeof(*f));
        f->name = xstrdup(name);
        f->next = functions;
        functions = f;
    }
    f->body = body;
}

void
function_call(struct node *body, const struct strings *args)
{
    char **params = shell.params;
    size_t count = shell.count;
    int loops = shell.loops;

    shell.params = args->items + 1;
    shell.count = args->count - 1;
    shell.loops = 0;
    exec_node(body);
    shell.params = params;
    shell.count = count;
    shell.loops = loops;
    if (shell.jump == JUMP_RETURN)
        shell.jump = JUMP_NONE;
}
