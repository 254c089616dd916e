#include "regex.h"
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A compiled expression is a program for a machine that follows all paths at
 * once (Thompson's construction), so no pattern takes exponential time. */
enum op {
    OP_BYTE,  /* the byte c */
    OP_ANY,   /* any byte */
    OP_SET,   /* a byte of set */
    OP_START, /* the start of the text */
    OP_END,   /* its end */
    OP_SPLIT, /* go on at x, or at y */
    OP_JUMP,  /* go on at x */
    OP_MATCH,
};

#define MAX_CODE 512

struct instruction {
    enum op op;
    unsigned char c;
    int x, y;
    uint64_t *set; /* 256 bits */
};

struct regex {
    struct instruction code[MAX_CODE];
    int count;
    bool ignore_case;

    /* while compiling */
    const char *at;
    bool extended;
    const char *error;
    int depth;
};

static void parse_alternatives(struct regex *r);

static int
emit(struct regex *r, enum op op)
{
    if (r->count >= MAX_CODE - 4) {
        r->error = "expression too long";
        return 0;
    }
    r->code[r->count] = (struct instruction){.op = op};
    return r->count++;
}

/* Makes room for one instruction before code[from], with all targets behind
 * it moved. */
static void
insert(struct regex *r, int from, enum op op)
{
    emit(r, op);
    if (r->error)
        return;
    memmove(&r->code[from + 1], &r->code[from],
            (size_t)(r->count - 1 - from) * sizeof(r->code[0]));
    for (int i = from + 1; i < r->count; i++) {
        r->code[i].x += r->code[i].x >= from;
        r->code[i].y += r->code[i].y >= from;
    }
    r->code[from] = (struct instruction){.op = op};
}

static void
set_add(struct regex *r, uint64_t *set, unsigned char low, unsigned char high)
{
    for (int c = low; c <= high; c++) {
        set[c / 64] |= 1ull << (c % 64);
        if (r->ignore_case) {
            int other = isupper(c) ? tolower(c) : toupper(c);
            set[other / 64] |= 1ull << (other % 64);
        }
    }
}

static void
set_add_class(struct regex *r, uint64_t *set, const char *name, size_t n)
{
    for (int c = 0; c < 128; c++) {
        bool in = (strncmp(name, "alpha", n) == 0 && isalpha(c)) ||
                  (strncmp(name, "digit", n) == 0 && isdigit(c)) ||
                  (strncmp(name, "alnum", n) == 0 && isalnum(c)) ||
                  (strncmp(name, "space", n) == 0 && isspace(c)) ||
                  (strncmp(name, "upper", n) == 0 && isupper(c)) ||
                  (strncmp(name, "lower", n) == 0 && islower(c)) ||
                  (strncmp(name, "punct", n) == 0 && ispunct(c)) ||
                  (strncmp(name, "xdigit", n) == 0 && isxdigit(c));
        if (in)
            set_add(r, set, (unsigned char)c, (unsigned char)c);
    }
}

/* Behind '['. */
static void
parse_set(struct regex *r)
{
    uint64_t *set = calloc(4, sizeof(*set));
    bool negated = *r->at == '^';
    const char *first = r->at += negated, *end;

    if (!set) {
        r->error = "out of memory";
        return;
    }
    for (; *r->at && (*r->at != ']' || r->at == first); r->at++) {
        unsigned char low = (unsigned char)*r->at, high = low;
        if (strncmp(r->at, "[:", 2) == 0 && (end = strstr(r->at, ":]"))) {
            set_add_class(r, set, r->at + 2, (size_t)(end - r->at) - 2);
            r->at = end + 1;
            continue;
        }
        if (r->at[1] == '-' && r->at[2] && r->at[2] != ']') {
            r->at += 2;
            high = (unsigned char)*r->at;
        }
        set_add(r, set, low, high);
    }
    if (!*r->at)
        r->error = "'[' without ']'";
    else
        r->at++;
    for (int i = 0; negated && i < 4; i++)
        set[i] = ~set[i];
    r->code[emit(r, OP_SET)].set = set;
}

static void
parse_byte(struct regex *r)
{
    unsigned char c = (unsigned char)*r->at++;

    r->code[emit(r, OP_BYTE)].c =
        (unsigned char)(r->ignore_case ? tolower(c) : c);
}

/* Whether s begins with the operator op, which the simple syntax writes with
 * a backslash and the extended one without. */
static bool
is_operator(const struct regex *r, const char *s, char op)
{
    return r->extended ? *s == op : s[0] == '\\' && s[1] == op;
}

static void
parse_atom(struct regex *r)
{
    size_t op_length = r->extended ? 1 : 2;

    if (is_operator(r, r->at, '(')) {
        r->at += op_length;
        if (++r->depth > 50)
            r->error = "too many parentheses";
        else
            parse_alternatives(r);
        r->depth--;
        if (!r->error && !is_operator(r, r->at, ')'))
            r->error = "'(' without ')'";
        else
            r->at += r->error ? 0 : op_length;
    } else if (*r->at == '.') {
        r->at++;
        emit(r, OP_ANY);
    } else if (*r->at == '[') {
        r->at++;
        parse_set(r);
    } else if (*r->at == '$' && (!r->at[1] || is_operator(r, r->at + 1, '|') ||
                                 is_operator(r, r->at + 1, ')'))) {
        r->at++;
        emit(r, OP_END);
    } else {
        if (*r->at == '\\' && r->at[1])
            r->at++;
        parse_byte(r);
    }
}

/* Applies the repetitions that follow the atom at code[from]. */
static void
parse_repeat(struct regex *r, int from)
{
    for (;;) {
        bool plus = is_operator(r, r->at, '+');
        bool maybe = is_operator(r, r->at, '?');
        if (*r->at != '*' && !plus && !maybe)
            return;
        r->at += *r->at == '\\' ? 2 : 1;
        if (plus) {
            int split = emit(r, OP_SPLIT);
            r->code[split].x = from;
            r->code[split].y = split + 1;
            continue;
        }
        insert(r, from, OP_SPLIT);
        if (!maybe)
            r->code[emit(r, OP_JUMP)].x = from;
        r->code[from].x = from + 1;
        r->code[from].y = r->count;
    }
}

static void
parse_sequence(struct regex *r)
{
    if (*r->at == '^') {
        r->at++;
        emit(r, OP_START);
    }
    /* A star that nothing precedes is a plain star. */
    if (*r->at == '*')
        parse_byte(r);
    while (*r->at && !r->error && !is_operator(r, r->at, '|') &&
           !(r->depth > 0 && is_operator(r, r->at, ')'))) {
        int from = r->count;
        parse_atom(r);
        parse_repeat(r, from);
    }
}

static void
parse_alternatives(struct regex *r)
{
    int from = r->count, jump;

    parse_sequence(r);
    while (!r->error && is_operator(r, r->at, '|')) {
        r->at += r->extended ? 1 : 2;
        insert(r, from, OP_SPLIT);
        jump = emit(r, OP_JUMP);
        r->code[from].x = from + 1;
        r->code[from].y = r->count;
        parse_sequence(r);
        r->code[jump].x = r->count;
    }
}

struct regex *
regex_compile(const char *pattern, bool extended, bool ignore_case,
              const char **error)
{
    struct regex *r = calloc(1, sizeof(*r));

    *error = "out of memory";
    if (!r)
        return NULL;
    r->at = pattern;
    r->extended = extended;
    r->ignore_case = ignore_case;
    parse_alternatives(r);
    emit(r, OP_MATCH);
    *error = r->error;
    if (r->error) {
        free(r);
        return NULL;
    }
    return r;
}

/* The places in the program that have been reached, each once. */
struct reached {
    int list[MAX_CODE], count;
    unsigned char is_in[MAX_CODE];
};

/* Adds place and all that is reached from it without a byte. */
static void
reach(const struct regex *r, struct reached *s, int place, bool at_start,
      bool at_end)
{
    const struct instruction *i = &r->code[place];

    if (s->is_in[place])
        return;
    s->is_in[place] = 1;
    if (i->op == OP_JUMP) {
        reach(r, s, i->x, at_start, at_end);
    } else if (i->op == OP_SPLIT) {
        reach(r, s, i->x, at_start, at_end);
        reach(r, s, i->y, at_start, at_end);
    } else if (i->op == OP_START || i->op == OP_END) {
        if (i->op == OP_START ? at_start : at_end)
            reach(r, s, place + 1, at_start, at_end);
    } else {
        s->list[s->count++] = place;
    }
}

static bool
takes(const struct regex *r, const struct instruction *i, unsigned char c)
{
    switch (i->op) {
    case OP_BYTE:
        return i->c == (r->ignore_case ? tolower(c) : c);
    case OP_ANY:
        return true;
    case OP_SET:
        return i->set[c / 64] >> (c % 64) & 1;
    default:
        return false;
    }
}

/* The length of the longest match at s, or -1. */
static int
match_at(const struct regex *r, const char *text, const char *s)
{
    struct reached states[2];
    struct reached *now = &states[0], *then = &states[1], *swap;
    const char *begin = s;
    int longest = -1;

    memset(states, 0, sizeof(states));
    reach(r, now, 0, s == text, !*s);
    for (;; s++) {
        for (int i = 0; i < now->count; i++)
            if (r->code[now->list[i]].op == OP_MATCH)
                longest = (int)(s - begin);
        if (!*s || now->count == 0)
            return longest;
        memset(then, 0, sizeof(*then));
        for (int i = 0; i < now->count; i++)
            if (takes(r, &r->code[now->list[i]], (unsigned char)*s))
                reach(r, then, now->list[i] + 1, false, !s[1]);
        swap = now;
        now = then;
        then = swap;
    }
}

bool
regex_search(const struct regex *r, const char *text, const char **start,
             int *length)
{
    const char *s = text;

    do {
        int n = match_at(r, text, s);
        if (n < 0)
            continue;
        if (start)
            *start = s;
        if (length)
            *length = n;
        return true;
    } while (*s++);
    return false;
}
