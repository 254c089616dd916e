#include "expand.h"
#include "arith.h"
#include "exec.h"
#include "field.h"
#include "param.h"
#include "shell.h"
#include "vars.h"
#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *expand_part(struct expansion *x, const char *s, bool quoted);

static void
add_all_params(struct expansion *x, bool separate, bool quoted)
{
    for (size_t i = 0; i < shell.count; i++) {
        if (i > 0 && (separate || !quoted) && x->fields)
            field_end(x);
        else if (i > 0)
            field_quoted(x, ' ');
        field_value(x, shell.params[i], quoted);
    }
}

static void
run_command(struct expansion *x, char *text, bool quoted)
{
    char *output = exec_capture(text);

    field_value(x, output, quoted);
    free(output);
    free(text);
}

/* Behind "$((": evaluates; returns what follows "))". */
static const char *
expand_arith(struct expansion *x, const char *s, const char *end, bool quoted)
{
    char *raw = strndup(s, (size_t)(end - s)), *text;
    char number[24];
    long value = 0;

    text = expand_here_document(raw ? raw : "");
    if (!arith_evaluate(text, &value)) {
        shell_error(1, "%s: bad arithmetic", text);
        shell.jump = JUMP_ABORT;
    }
    snprintf(number, sizeof(number), "%ld", value);
    field_value(x, number, quoted);
    free(raw);
    free(text);
    return end + 2;
}

/* The bracket that closes the one before s. */
static const char *
closing(const char *s, char open, char close)
{
    for (int depth = 1; *s; s++) {
        if (*s == '\\' && s[1])
            s++;
        else if (*s == '\'')
            s += 1 + strcspn(s + 1, "'");
        else if (*s == open)
            depth++;
        else if (*s == close && --depth == 0)
            return s;
        if (!*s)
            break;
    }
    return s;
}

/* Expands the word of ${name-word} in place. */
static void
expand_word_part(struct expansion *x, const char *s, const char *end,
                 bool quoted)
{
    char *word = strndup(s, (size_t)(end - s));

    for (s = word ? word : ""; *s && shell.jump != JUMP_ABORT;)
        s = expand_part(x, s, quoted);
    free(word);
}

static void
unset_error(const char *name, const char *why)
{
    shell_error(1, "%s: %s", name, why);
    shell.jump = JUMP_ABORT;
    if (!shell.interactive)
        shell_exit(1);
}

/* ${name OP word} for the operators - = + ?, the colon taken off. */
static void
expand_default(struct expansion *x, const char *name, const char *value,
               const char *op, const char *end, bool quoted)
{
    char *raw, *word;

    if (*op == '+' ? value != NULL : *op == '-' && !value) {
        expand_word_part(x, op + 1, end, quoted);
        return;
    }
    if (*op == '+')
        return;
    if (value) {
        field_value(x, value, quoted);
        return;
    }
    raw = strndup(op + 1, (size_t)(end - op - 1));
    word = expand_string(raw ? raw : "");
    free(raw);
    if (*op == '?') {
        unset_error(name, *word ? word : "parameter not set");
    } else {
        vars_set(name, word);
        field_value(x, word, quoted);
    }
    free(word);
}

static void
expand_trim(struct expansion *x, const char *value, const char *op,
            const char *end, bool quoted)
{
    char which[3] = {op[0], op[1] == op[0] ? op[0] : '\0', '\0'};
    const char *word = op + strlen(which);
    char *raw = strndup(word, (size_t)(end - word));
    char *pattern = expand_pattern(raw ? raw : "");
    char *rest = param_trim(value ? value : "", which, pattern);

    field_value(x, rest, quoted);
    free(rest);
    free(pattern);
    free(raw);
}

static size_t
name_length(const char *s)
{
    size_t n = 0;

    if (isdigit(*s))
        return strspn(s, "0123456789");
    while (isalnum(s[n]) || s[n] == '_')
        n++;
    return n > 0 || !*s ? n : strchr("?$#!@*-", *s) != NULL;
}

/* Whether an operator follows a name, in what ends at end. */
static bool
is_operator(const char *op, const char *end)
{
    bool colon = *op == ':';

    return op + colon < end && strchr(colon ? "-=+?" : "-=+?%#", op[colon]);
}

/* Behind "${"; returns what follows "}". */
static const char *
expand_braces(struct expansion *x, const char *s, bool quoted)
{
    const char *end = closing(s, '{', '}'), *op, *value;
    bool length = *s == '#' && s[1] != '}';
    char name[128], number[24];
    size_t n = name_length(s + length);

    op = s + length + n;
    if (n == 0 || n >= sizeof(name) || (op != end && !is_operator(op, end))) {
        shell_error(1, "${%.*s}: bad substitution", (int)(end - s), s);
        shell.jump = JUMP_ABORT;
        return *end ? end + 1 : end;
    }
    memcpy(name, s + length, n);
    name[n] = '\0';
    value = param_get(name);
    if (length) {
        snprintf(number, sizeof(number), "%zu", value ? strlen(value) : 0);
        field_value(x, number, quoted);
    } else if (op == end && (*name == '@' || *name == '*')) {
        add_all_params(x, *name == '@', quoted);
    } else if (*op == '%' || *op == '#') {
        expand_trim(x, value, op, end, quoted);
    } else if (op != end) {
        if (*op == ':' && value && !*value)
            value = NULL;
        expand_default(x, name, value, op + (*op == ':'), end, quoted);
    } else if (value) {
        field_value(x, value, quoted);
    } else if (shell.option_u) {
        unset_error(name, "parameter not set");
    }
    return *end ? end + 1 : end;
}

/* Behind '$'; returns what follows. */
static const char *
expand_dollar(struct expansion *x, const char *s, bool quoted)
{
    char name[128];
    const char *value, *end;
    size_t n;

    if (*s == '{')
        return expand_braces(x, s + 1, quoted);
    if (*s == '(') {
        end = closing(s + 1, '(', ')');
        if (s[1] == '(' && end[0] && end[-1] == ')')
            return expand_arith(x, s + 2, end - 1, quoted);
        run_command(x, strndup(s + 1, (size_t)(end - s - 1)), quoted);
        return *end ? end + 1 : end;
    }
    n = isdigit(*s) ? 1 : name_length(s);
    if (n == 0 || n >= sizeof(name)) {
        field_plain(x, '$');
        return s;
    }
    memcpy(name, s, n);
    name[n] = '\0';
    if (*name == '@' || *name == '*') {
        add_all_params(x, *name == '@', quoted);
        return s + n;
    }
    value = param_get(name);
    if (value)
        field_value(x, value, quoted);
    else if (shell.option_u && vars_is_name(name))
        unset_error(name, "parameter not set");
    return s + n;
}

/* Behind '`'; returns what follows the closing one. */
static const char *
expand_backquotes(struct expansion *x, const char *s, bool quoted)
{
    struct text command = {0};

    for (; *s && *s != '`'; s++) {
        if (*s == '\\' && s[1] && strchr("$`\\", s[1]))
            s++;
        text_char(&command, *s);
    }
    run_command(x, text_take(&command), quoted);
    return *s ? s + 1 : s;
}

/* Behind '"'; returns what follows the closing one. */
static const char *
expand_quoted(struct expansion *x, const char *s)
{
    size_t before = x->field.len;
    bool only_params = strncmp(s, "$@\"", 3) == 0;

    while (*s && *s != '"' && shell.jump != JUMP_ABORT)
        s = expand_part(x, s, true);
    /* "" is a field, but "$@" without parameters is none. */
    if (!only_params || x->field.len > before)
        x->started = true;
    return *s ? s + 1 : s;
}

/* Expands what begins at s, at least a byte; returns what follows it. */
static const char *
expand_part(struct expansion *x, const char *s, bool quoted)
{
    switch (*s) {
    case '$':
        return expand_dollar(x, s + 1, quoted);
    case '`':
        return expand_backquotes(x, s + 1, quoted);
    case '\\':
        if (!s[1] || (quoted && !strchr("$`\"\\\n", s[1])))
            break;
        if (s[1] != '\n')
            field_quoted(x, s[1]);
        return s + 2;
    case '\'':
        if (quoted)
            break;
        for (s++, x->started = true; *s && *s != '\''; s++)
            field_quoted(x, *s);
        return *s ? s + 1 : s;
    case '"':
        if (!quoted)
            return expand_quoted(x, s + 1);
        break;
    default:
        break;
    }
    if (quoted)
        field_quoted(x, *s);
    else
        field_plain(x, *s);
    return s + 1;
}

/* A tilde at s; returns what follows it, s itself if it stays. */
static const char *
expand_tilde(struct expansion *x, const char *s)
{
    size_t n = strcspn(s, "/:");
    const char *home = NULL;
    char name[64];

    if (*s != '~' || n > sizeof(name))
        return s;
    memcpy(name, s + 1, n - 1);
    name[n - 1] = '\0';
    if (n == 1)
        home = vars_get("HOME");
    else if (vars_is_name(name) && getpwnam(name))
        home = getpwnam(name)->pw_dir;
    if (!home)
        return s;
    field_value(x, home, true);
    return s + n;
}

static void
expand_raw(struct expansion *x, const char *s)
{
    s = expand_tilde(x, s);
    while (*s && shell.jump != JUMP_ABORT)
        s = expand_part(x, s, false);
}

void
expand_words(const struct word *words, struct strings *to)
{
    struct expansion x = {.fields = to};

    for (; words && shell.jump != JUMP_ABORT; words = words->next) {
        expand_raw(&x, words->raw);
        field_end(&x);
    }
    text_free(&x.field);
}

char *
expand_pattern(const char *raw)
{
    struct expansion x = {0};

    expand_raw(&x, raw);
    return text_take(&x.field);
}

char *
expand_string(const char *raw)
{
    return field_text(expand_pattern(raw));
}

char *
expand_here_document(const char *s)
{
    struct expansion x = {0};

    while (*s && shell.jump != JUMP_ABORT)
        if (*s == '"') {
            field_quoted(&x, '"');
            s++;
        } else {
            s = expand_part(&x, s, true);
        }
    return field_text(text_take(&x.field));
}

char *
expand_unquote(const char *raw)
{
    struct text plain = {0};
    char quote = '\0';

    for (; *raw; raw++)
        if (quote && *raw == quote)
            quote = '\0';
        else if (!quote && (*raw == '\'' || *raw == '"'))
            quote = *raw;
        else if (*raw == '\\' && quote != '\'' && raw[1])
            text_char(&plain, *++raw);
        else
            text_char(&plain, *raw);
    return text_take(&plain);
}
