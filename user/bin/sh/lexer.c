#include "lexer.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool copy_dollar(struct source *s, struct text *t);

/* Copies the next byte from s to t and returns it, -1 at the end. */
static int
copy(struct source *s, struct text *t)
{
    int c = source_next(s);

    if (c >= 0)
        text_char(t, (char)c);
    return c;
}

/* Copies up to and with the delimiter, which no backslash precedes. */
static bool
copy_plain(struct source *s, struct text *t, int delimiter, bool escapes)
{
    int c;

    while ((c = copy(s, t)) != delimiter) {
        if (c < 0)
            return false;
        if (c == '\\' && escapes)
            copy(s, t);
    }
    return true;
}

/* Copies the rest of a "..." string. */
static bool
copy_double_quoted(struct source *s, struct text *t)
{
    int c;

    while ((c = copy(s, t)) != '"') {
        if (c < 0)
            return false;
        if (c == '\\')
            copy(s, t);
        if (c == '$' && !copy_dollar(s, t))
            return false;
        if (c == '`' && !copy_plain(s, t, '`', true))
            return false;
    }
    return true;
}

/* Copies to the bracket that closes one already copied, with all that is
 * nested or quoted in between. */
static bool
copy_nested(struct source *s, struct text *t, int open, int close)
{
    int c;

    while ((c = copy(s, t)) != close) {
        bool good = c >= 0;
        if (c == '\\')
            copy(s, t);
        else if (c == '\'')
            good = copy_plain(s, t, '\'', false);
        else if (c == '"')
            good = copy_double_quoted(s, t);
        else if (c == '`')
            good = copy_plain(s, t, '`', true);
        else if (c == '$')
            good = copy_dollar(s, t);
        else if (c == open)
            good = copy_nested(s, t, open, close);
        if (!good)
            return false;
    }
    return true;
}

/* Behind a '$': copies a bracketed part if one follows. */
static bool
copy_dollar(struct source *s, struct text *t)
{
    int c = source_peek(s);

    if (c != '(' && c != '{')
        return true;
    copy(s, t);
    return copy_nested(s, t, c, c == '(' ? ')' : '}');
}

/* Copies one byte of a word and what it quotes. */
static bool
copy_word_part(struct source *s, struct text *t)
{
    int c = source_next(s);

    if (c == '\\') {
        if (source_peek(s) == '\n') {
            source_next(s);
            return true;
        }
        text_char(t, '\\');
        copy(s, t);
        return true;
    }
    text_char(t, (char)c);
    if (c == '\'')
        return copy_plain(s, t, '\'', false);
    if (c == '"')
        return copy_double_quoted(s, t);
    if (c == '`')
        return copy_plain(s, t, '`', true);
    return c != '$' || copy_dollar(s, t);
}

static bool
ends_word(int c)
{
    return c < 0 || strchr(" \t\n;&|<>()", c) != NULL;
}

static bool
take(struct source *s, int c)
{
    if (source_peek(s) != c)
        return false;
    source_next(s);
    return true;
}

static struct token
redirection(struct source *s, int c, int fd)
{
    struct token t = {.kind = TOKEN_REDIR, .text = c == '<' ? "<" : ">"};

    t.fd = fd >= 0 ? fd : c == '<' ? 0 : 1;
    if (c == '>')
        t.redir = take(s, '>')   ? REDIR_APPEND
                  : take(s, '&') ? REDIR_COPY
                  : take(s, '|') ? REDIR_CLOBBER
                                 : REDIR_WRITE;
    else if (take(s, '<'))
        t.redir = take(s, '-') ? REDIR_HERE_TABS : REDIR_HERE;
    else
        t.redir = take(s, '&')   ? REDIR_COPY_READ
                  : take(s, '>') ? REDIR_BOTH
                                 : REDIR_READ;
    return t;
}

static struct token
operator(struct source *s)
{
    int c = source_next(s);

    switch (c) {
    case '\n':
        return (struct token){.kind = TOKEN_NEWLINE, .text = "newline"};
    case ';':
        if (take(s, ';'))
            return (struct token){.kind = TOKEN_DOUBLE_SEMI, .text = ";;"};
        return (struct token){.kind = TOKEN_SEMI, .text = ";"};
    case '&':
        if (take(s, '&'))
            return (struct token){.kind = TOKEN_AND, .text = "&&"};
        return (struct token){.kind = TOKEN_AMPERSAND, .text = "&"};
    case '|':
        if (take(s, '|'))
            return (struct token){.kind = TOKEN_OR, .text = "||"};
        return (struct token){.kind = TOKEN_PIPE, .text = "|"};
    case '(':
        return (struct token){.kind = TOKEN_OPEN, .text = "("};
    case ')':
        return (struct token){.kind = TOKEN_CLOSE, .text = ")"};
    default:
        return redirection(s, c, -1);
    }
}

static void
skip_blanks(struct source *s)
{
    for (;;) {
        int c = source_peek(s);
        if (c == '\\' && s->at + 1 < s->text.len &&
            s->text.bytes[s->at + 1] == '\n')
            source_next(s);
        else if (c == '#')
            while (source_peek(s) >= 0 && source_peek(s) != '\n')
                source_next(s);
        else if (c != ' ' && c != '\t' && c != '\r')
            return;
        if (source_peek(s) >= 0 && c != '#')
            source_next(s);
    }
}

static bool
all_digits(const char *s)
{
    return *s && s[strspn(s, "0123456789")] == '\0';
}

struct token
lexer_next(struct source *s, struct arena *a)
{
    struct text word = {0};
    struct token token = {.kind = TOKEN_WORD};
    size_t from;

    skip_blanks(s);
    from = s->at;
    if (source_peek(s) < 0)
        return (struct token){.kind = TOKEN_END, .text = "end of input"};
    if (ends_word(source_peek(s))) {
        token = operator(s);
        token.from = from;
        return token;
    }
    text_put(&word, "");
    while (!ends_word(source_peek(s)))
        if (!copy_word_part(s, &word)) {
            text_free(&word);
            return (struct token){.kind = TOKEN_ERROR,
                                  .text = "unterminated quote or bracket"};
        }
    if ((source_peek(s) == '<' || source_peek(s) == '>') &&
        all_digits(word.bytes))
        token = redirection(s, source_next(s), atoi(word.bytes));
    else
        token.text = arena_copy(a, word.bytes, word.len);
    token.from = from;
    text_free(&word);
    return token;
}

char *
lexer_here_document(struct source *s, struct arena *a, const char *end,
                    bool strip)
{
    struct text body = {0};
    char *copy_of_body;

    for (;;) {
        size_t start = body.len;
        int c;
        while (strip && source_peek(s) == '\t')
            source_next(s);
        while ((c = source_next(s)) >= 0 && c != '\n')
            text_char(&body, (char)c);
        text_put(&body, "");
        if (strcmp(body.bytes + start, end) == 0 || c < 0) {
            if (c >= 0 || strcmp(body.bytes + start, end) == 0)
                body.len = start;
            break;
        }
        text_char(&body, '\n');
    }
    copy_of_body = arena_copy(a, body.bytes, body.len);
    text_free(&body);
    return copy_of_body;
}
