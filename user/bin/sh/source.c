#include "source.h"
#include "edit.h"
#include "history.h"
#include "jobs.h"
#include "prompt.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
more_string(struct source *s, bool first)
{
    size_t n = strcspn(s->string, "\n");

    (void)first;
    if (!*s->string)
        return false;
    n += s->string[n] == '\n';
    text_add(&s->text, s->string, n);
    s->string += n;
    return true;
}

/* By single bytes: commands that the shell runs may read on from here. */
static bool
more_fd(struct source *s, bool first)
{
    char c = '\0';
    size_t before = s->text.len;

    (void)first;
    while (c != '\n' && read(s->fd, &c, 1) == 1)
        if (c != '\0')
            text_char(&s->text, c);
    return s->text.len > before;
}

static bool
more_terminal(struct source *s, bool first)
{
    char *line;
    enum edit_result result;

    if (first)
        jobs_report();
    result = edit_line(prompt_text(first), &line);
    s->cancelled = result == EDIT_CANCELLED;
    if (result != EDIT_LINE)
        return false;
    history_add(line);
    text_put(&s->text, line);
    text_char(&s->text, '\n');
    free(line);
    return true;
}

void
source_string(struct source *s, const char *string, const char *name)
{
    *s = (struct source){
        .name = name, .more = more_string, .string = string, .first = true};
}

void
source_fd(struct source *s, int fd, const char *name)
{
    *s =
        (struct source){.name = name, .more = more_fd, .fd = fd, .first = true};
}

void
source_terminal(struct source *s)
{
    *s = (struct source){.name = "sh", .more = more_terminal, .first = true};
}

int
source_peek(struct source *s)
{
    if (s->at == s->text.len) {
        s->ended = s->ended || !s->more(s, s->first);
        if (s->ended)
            return -1;
        s->first = false;
        s->line++;
    }
    return (unsigned char)s->text.bytes[s->at];
}

int
source_next(struct source *s)
{
    int c = source_peek(s);

    if (c >= 0)
        s->at++;
    return c;
}

void
source_begin(struct source *s)
{
    size_t left = s->text.len - s->at;

    if (left > 0)
        memmove(s->text.bytes, s->text.bytes + s->at, left);
    s->text.len = left;
    s->at = 0;
    s->first = left == 0;
    s->ended = s->cancelled = false;
}

void
source_drop_line(struct source *s)
{
    s->at = s->text.len;
    source_begin(s);
}

void
source_close(struct source *s)
{
    text_free(&s->text);
}
