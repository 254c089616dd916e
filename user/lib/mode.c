#include <mode.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ALL_BITS 07777
#define X_BITS   0111

/* The bits that user, group or others have to do with. */
static mode_t
who_bits(char c)
{
    switch (c) {
    case 'u':
        return S_ISUID | 0700;
    case 'g':
        return S_ISGID | 0070;
    case 'o':
        return S_ISVTX | 0007;
    case 'a':
        return ALL_BITS;
    default:
        return 0;
    }
}

/* The bits, for all alike, that a permission letter names. */
static mode_t
permission_bits(char c, mode_t old, bool is_dir)
{
    switch (c) {
    case 'r':
        return 0444;
    case 'w':
        return 0222;
    case 'x':
        return X_BITS;
    case 'X':
        return is_dir || (old & X_BITS) ? X_BITS : 0;
    case 's':
        return S_ISUID | S_ISGID;
    case 't':
        return S_ISVTX;
    default:
        return 0;
    }
}

/* What user, group or others (c) may do in mode, for all alike; the letter to
 * copy from in u=g. */
static mode_t
copied_bits(char c, mode_t mode)
{
    mode_t three = c == 'u' ? mode >> 6 : c == 'g' ? mode >> 3 : mode;

    return (three & 7) * X_BITS;
}

/* Applies "+rw" and the like at *text, which moves on, to *mode. */
static void
apply(const char **text, mode_t who, mode_t mask, bool is_dir, mode_t *mode)
{
    const char *s = *text;
    char op = *s++;
    mode_t bits = 0, limit = who ? who : ALL_BITS & ~mask;

    if (*s && strchr("ugo", *s))
        bits = copied_bits(*s++, *mode);
    else
        for (; *s && strchr("rwxXst", *s); s++)
            bits |= permission_bits(*s, *mode, is_dir);
    bits &= limit;
    if (op == '=')
        *mode &= ~(who ? who : (mode_t)ALL_BITS);
    if (op == '-')
        *mode &= ~bits;
    else
        *mode |= bits;
    *text = s;
}

static bool
parse_symbolic(const char *s, bool is_dir, mode_t mask, mode_t *mode)
{
    for (;;) {
        mode_t who = 0;
        while (who_bits(*s))
            who |= who_bits(*s++);
        if (!*s || !strchr("+-=", *s))
            return false;
        while (*s && strchr("+-=", *s))
            apply(&s, who, mask, is_dir, mode);
        if (*s != ',')
            return !*s;
        s++;
    }
}

bool
mode_parse(const char *text, mode_t old, bool is_dir, mode_t mask, mode_t *to)
{
    if (*text >= '0' && *text <= '7') {
        char *end;
        unsigned long octal = strtoul(text, &end, 8);
        *to = (mode_t)octal;
        return !*end && octal <= ALL_BITS;
    }
    *to = old & ALL_BITS;
    return parse_symbolic(text, is_dir, mask, to);
}

mode_t
mode_of(const char *text, mode_t old, bool is_dir)
{
    mode_t mask = umask(0), mode;

    umask(mask);
    if (!mode_parse(text, old, is_dir, mask, &mode))
        errx(2, "%s: not a mode", text);
    return mode;
}
