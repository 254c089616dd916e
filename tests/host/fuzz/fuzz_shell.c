// SOURCES: user/bin/sh/lexer.c user/bin/sh/parser.c
// SOURCES: user/bin/sh/parser_compound.c user/bin/sh/text.c
// SOURCES: user/bin/sh/source.c user/bin/sh/vars.c user/bin/sh/expand.c
// SOURCES: user/bin/sh/arith.c user/bin/sh/field.c user/bin/sh/param.c
// CFLAGS: -include tests/host/fuzz/user.h -idirafter user/lib
// LIBS: -Wl,--wrap=vars_set
/* The shell: any text is commands, or an error; and the words of the commands
 * are expanded, all but what would start programs or look for files. */
#include "fuzz.h"

#include "../../../user/bin/sh/arith.h"
#include "../../../user/bin/sh/edit.h"
#include "../../../user/bin/sh/exec.h"
#include "../../../user/bin/sh/expand.h"
#include "../../../user/bin/sh/history.h"
#include "../../../user/bin/sh/jobs.h"
#include "../../../user/bin/sh/option.h"
#include "../../../user/bin/sh/parser.h"
#include "../../../user/bin/sh/prompt.h"
#include "../../../user/bin/sh/shell.h"
#include "../../../user/bin/sh/vars.h"

#include <pwd.h>

#define NAMES_MAX 64u

struct shell shell;

/* The variables that an input has set, to be forgotten after it. */
static char *names[NAMES_MAX];
static size_t nnames;

void __real_vars_set(const char *name, const char *value);
void __wrap_vars_set(const char *name, const char *value);

void
__wrap_vars_set(const char *name, const char *value)
{
    if (nnames == NAMES_MAX)
        return;
    names[nnames++] = strdup(name);
    __real_vars_set(name, value);
}

/* ---- What stands in for the rest of the shell ---- */

void
shell_error(int status, const char *format, ...)
{
    (void)format;
    shell.status = status;
}

void
shell_exit(int status)
{
    fuzz_fail(__FILE__, __LINE__,
              status ? "the shell ends in error" : "it ends");
}

enum edit_result
edit_line(const char *prompt, char **line)
{
    (void)prompt;
    (void)line;
    return EDIT_END;
}

void
history_add(const char *line)
{
    (void)line;
}

void
jobs_report(void)
{
}

const char *
prompt_text(bool first)
{
    return first ? "$ " : "> ";
}

char *
exec_capture(const char *text)
{
    return strdup(text);
}

const char *
option_letters(void)
{
    return "fu";
}

struct passwd *
getpwnam(const char *name)
{
    static char home[] = "/root";
    static struct passwd root = {.pw_dir = home};

    return strcmp(name, "root") == 0 ? &root : NULL;
}

/* ---- Commands ---- */

static void
expand_list(const struct word *words)
{
    struct strings fields = {0};

    expand_words(words, &fields);
    for (size_t i = 0; i < fields.count; i++)
        FUZZ_CHECK(fields.items[i]);
    strings_free(&fields);
    for (; words; words = words->next) {
        free(expand_string(words->raw));
        free(expand_pattern(words->raw));
    }
}

static void
expand_node(const struct node *n)
{
    if (!n)
        return;
    FUZZ_CHECK(n->kind <= NODE_FUNCTION);
    expand_list(n->words);
    expand_list(n->assignments);
    for (const struct redir *r = n->redirs; r; r = r->next) {
        FUZZ_CHECK(r->target);
        if (r->body && !r->literal)
            free(expand_here_document(r->body));
    }
    for (const struct case_item *item = n->items; item; item = item->next) {
        expand_list(item->patterns);
        expand_node(item->body);
    }
    expand_node(n->a);
    expand_node(n->b);
    expand_node(n->c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char zero[] = "sh", one[] = "a b", *params[] = {one, zero, NULL};
    struct fuzz_input in = {data, size};
    bool unset_is_error = fuzz_choose(&in, 2);
    char *text = (char *)fuzz_copy(&in, in.left + 1);
    enum parse_result result;
    struct source s;
    long number;

    shell = (struct shell){.name = zero,
                           .params = params,
                           .count = 2,
                           /* an error in a word does not end it */
                           .interactive = true,
                           .option_f = true,
                           .option_u = unset_is_error};
    source_string(&s, text, "input");
    do {
        struct arena arena = {NULL};
        struct node *node = NULL;
        bool keep = false;
        result = parser_read(&s, &arena, &node, &keep);
        if (result == PARSE_COMMAND) {
            FUZZ_CHECK(node);
            shell.jump = JUMP_NONE;
            expand_node(node);
        }
        arena_free(&arena);
    } while (result != PARSE_END);
    source_close(&s);
    (void)arith_evaluate(text, &number);
    while (nnames > 0) {
        vars_unset(names[--nnames]);
        free(names[nnames]);
    }
    free(text);
    return 0;
}
