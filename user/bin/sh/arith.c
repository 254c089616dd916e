#include "arith.h"
#include "vars.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
    const char *at;
    bool failed;
    int depth;
};

/* Binary operators, loosest first; longer spellings before their prefixes
 * within a level, which the order of the table guarantees. */
static const struct {
    const char *text;
    int level;
} operators[] = {
    {"||", 1}, {"&&", 2}, {"|", 3},  {"^", 4},  {"&", 5},  {"==", 6},
    {"!=", 6}, {"<<", 8}, {">>", 8}, {"<=", 7}, {">=", 7}, {"<", 7},
    {">", 7},  {"+", 9},  {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10},
};

static long parse_binary(struct cursor *c, int level);

static void
skip(struct cursor *c)
{
    while (isspace(*c->at))
        c->at++;
}

static long
variable(struct cursor *c)
{
    char name[64];
    size_t n = 0;
    const char *value;
    long result;

    while (isalnum(*c->at) || *c->at == '_')
        if (n < sizeof(name) - 1)
            name[n++] = *c->at++;
        else
            c->at++;
    name[n] = '\0';
    skip(c);
    if (c->at[0] == '=' && c->at[1] != '=') {
        char text[24];
        c->at++;
        result = parse_binary(c, 1);
        snprintf(text, sizeof(text), "%ld", result);
        vars_set(name, text);
        return result;
    }
    value = vars_get(name);
    return value ? strtol(value, NULL, 0) : 0;
}

static long
primary(struct cursor *c)
{
    char *end;
    long value;

    skip(c);
    if (c->depth > 100) {
        c->failed = true;
        return 0;
    }
    if (isalpha(*c->at) || *c->at == '_')
        return variable(c);
    if (*c->at && strchr("!-+~(", *c->at)) {
        char op = *c->at++;
        c->depth++;
        value = op == '(' ? parse_binary(c, 1) : primary(c);
        c->depth--;
        skip(c);
        if (op == '(' && *c->at++ != ')') {
            c->failed = true;
            c->at--;
        }
        return op == '!'   ? !value
               : op == '-' ? -value
               : op == '~' ? ~value
                           : value;
    }
    value = strtol(c->at, &end, 0);
    c->failed |= end == c->at;
    c->at = end;
    return value;
}

static long
apply(struct cursor *c, const char *op, long a, long b)
{
    /* Through unsigned, so that overflow wraps. */
    unsigned long ua = (unsigned long)a, ub = (unsigned long)b;

    if ((op[0] == '/' || op[0] == '%') &&
        (b == 0 || (a == LONG_MIN && b == -1))) {
        c->failed = true;
        return 0;
    }
    switch (op[0]) {
    case '|':
        return op[1] ? a || b : a | b;
    case '&':
        return op[1] ? a && b : a & b;
    case '^':
        return a ^ b;
    case '=':
        return a == b;
    case '!':
        return a != b;
    case '<':
        return op[1] == '<' ? (long)(ua << (ub & 63)) : op[1] ? a <= b : a < b;
    case '>':
        return op[1] == '>' ? a >> (ub & 63) : op[1] ? a >= b : a > b;
    case '+':
        return (long)(ua + ub);
    case '-':
        return (long)(ua - ub);
    case '*':
        return (long)(ua * ub);
    case '/':
        return a / b;
    default:
        return a % b;
    }
}

/* The operator at the cursor if it binds at least as tightly as level. */
static const char *
operator_at(const struct cursor *c, int level, int *found)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (strncmp(c->at, operators[i].text, strlen(operators[i].text)) == 0) {
            *found = operators[i].level;
            return *found >= level ? operators[i].text : NULL;
        }
    return NULL;
}

static long
parse_binary(struct cursor *c, int level)
{
    long value = primary(c);
    const char *op;
    int found;

    for (;;) {
        skip(c);
        op = operator_at(c, level, &found);
        if (!op || c->failed)
            return value;
        c->at += strlen(op);
        value = apply(c, op, value, parse_binary(c, found + 1));
    }
}

bool
arith_evaluate(const char *text, long *result)
{
    struct cursor c = {.at = text};

    skip(&c);
    *result = *c.at ? parse_binary(&c, 1) : 0;
    skip(&c);
    return !c.failed && !*c.at;
}
