/* A kernel that has just begun, for each question: what the image's variables
 * were before the first is kept, and put back before the next.
 *
 * So a case may call what a kernel calls once. What lies on the stack and what
 * the grader keeps is left alone. Boot context; one program's own copy. */
#pragma once

#include "grade.h"
#include "arch/boot.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/string.h"

#define GRADER_ROOM (1ul << 20) /* its questions; its answers */

extern uint8_t grade_questions[];

/* Calls f for all of the image's variables but those of the grader and the
 * stack; `kept` moves on with them. Returns where it ends. */
static char *
each_variable(const struct grade *g,
              void (*f)(char *variables, char *kept, size_t bytes))
{
    char *answers = (char *)g->out_end - GRADER_ROOM - 16;
    struct {
        char *from, *to;
    } skip[] = {
        {(char *)grade_questions, (char *)grade_questions + GRADER_ROOM},
        {answers, (char *)g->out_end},
        {boot_stack_guard, boot_stack_top},
    };
    char *kept = phys_to_virt(ALIGN_UP(virt_to_phys(_end), PAGE_SIZE));
    for (char *at = _data; at < _end;) {
        char *stop = _end, *next = _end;
        for (unsigned i = 0; i < ARRAY_LEN(skip); i++)
            if (skip[i].from >= at && skip[i].from < stop) {
                stop = skip[i].from;
                next = skip[i].to;
            }
        f(at, kept, (size_t)(stop - at));
        kept += stop - at;
        at = next;
    }
    return kept;
}

static void
keep(char *variables, char *kept, size_t bytes)
{
    memcpy(kept, variables, bytes);
}

static void
put_back(char *variables, char *kept, size_t bytes)
{
    memcpy(variables, kept, bytes);
}

/* Makes the kernel forget all that happened since the first call. What is kept
 * lies behind the image; `limit` is the first physical address that is the
 * caller's. */
static void
begin_anew(const struct grade *g, uint64_t limit)
{
    static bool is_kept;
    if (is_kept) {
        each_variable(g, put_back);
    } else {
        is_kept = true;
        assert(virt_to_phys(each_variable(g, keep)) <= limit);
    }
}
