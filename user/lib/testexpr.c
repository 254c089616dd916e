#include <testexpr.h>
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The arguments left, and whether the expression is wrong. */
struct expression {
    char **at, **end;
    bool wrong;
};

static bool parse_or(struct expression *e);

static long
left(const struct expression *e)
{
    return e->end - e->at;
}

static bool
wrong_test(struct expression *e, const char *what)
{
    if (!e->wrong)
        warnx("test: %s", what);
    e->wrong = true;
    return false;
}

static long
number(struct expression *e, const char *s)
{
    char *end;
    long n = strtol(s, &end, 10);

    if (!*s || *end)
        wrong_test(e, "a whole number is needed");
    return n;
}

static bool
file_test(struct expression *e, char letter, const char *path)
{
    struct stat st;

    if (letter == 'r' || letter == 'w' || letter == 'x')
        return access(path, letter == 'r'   ? R_OK
                            : letter == 'w' ? W_OK
                                            : X_OK) == 0;
    if (letter == 'L' || letter == 'h')
        return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    if (stat(path, &st) != 0)
        return false;
    switch (letter) {
    case 'e':
        return true;
    case 'f':
        return S_ISREG(st.st_mode);
    case 'd':
        return S_ISDIR(st.st_mode);
    case 'c':
        return S_ISCHR(st.st_mode);
    case 'b':
        return S_ISBLK(st.st_mode);
    case 'p':
        return S_ISFIFO(st.st_mode);
    case 'S':
        return S_ISSOCK(st.st_mode);
    case 's':
        return st.st_size > 0;
    case 'u':
        return st.st_mode & S_ISUID;
    case 'g':
        return st.st_mode & S_ISGID;
    case 'k':
        return st.st_mode & S_ISVTX;
    case 'O':
        return st.st_uid == geteuid();
    case 'G':
        return st.st_gid == getegid();
    default:
        return wrong_test(e, "unknown operator");
    }
}

static bool
unary(struct expression *e, char letter, const char *operand)
{
    switch (letter) {
    case 'n':
        return *operand != '\0';
    case 'z':
        return *operand == '\0';
    case 't':
        return isatty((int)number(e, operand));
    default:
        return file_test(e, letter, operand);
    }
}

static bool
is_binary(const char *op)
{
    static const char *const ops[] = {"=",   "==",  "!=",  "<",   ">",
                                      "-eq", "-ne", "-lt", "-le", "-gt",
                                      "-ge", "-nt", "-ot", "-ef", NULL};

    for (size_t i = 0; ops[i]; i++)
        if (strcmp(op, ops[i]) == 0)
            return true;
    return false;
}

static bool
is_newer(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
                                  : a->tv_nsec > b->tv_nsec;
}

/* -nt, -ot and -ef; a file that is not there is older than all others. */
static bool
compare_files(const char *a, char op, const char *b)
{
    struct stat x, y;
    bool has_x = stat(a, &x) == 0, has_y = stat(b, &y) == 0;

    if (op == 'e')
        return has_x && has_y && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    if (!has_x || !has_y)
        return op == 'n' ? has_x : has_y;
    return op == 'n' ? is_newer(&x.st_mtim, &y.st_mtim)
                     : is_newer(&y.st_mtim, &x.st_mtim);
}

static bool
binary(struct expression *e, const char *a, const char *op, const char *b)
{
    long order;

    if (strcmp(op, "-nt") == 0 || strcmp(op, "-ot") == 0 ||
        strcmp(op, "-ef") == 0)
        return compare_files(a, op[1], b);
    if (op[0] != '-') {
        order = strcmp(a, b);
        return op[0] == '='   ? order == 0
               : op[0] == '!' ? order != 0
               : op[0] == '<' ? order < 0
                              : order > 0;
    }
    long x = number(e, a), y = number(e, b);
    switch (op[1] << 8 | op[2]) {
    case 'e' << 8 | 'q':
        return x == y;
    case 'n' << 8 | 'e':
        return x != y;
    case 'l' << 8 | 't':
        return x < y;
    case 'l' << 8 | 'e':
        return x <= y;
    case 'g' << 8 | 't':
        return x > y;
    default:
        return x >= y;
    }
}

static bool
parse_primary(struct expression *e)
{
    char **at = e->at;
    bool value;

    if (left(e) >= 3 && is_binary(at[1])) {
        e->at += 3;
        return binary(e, at[0], at[1], at[2]);
    }
    if (left(e) >= 2 && strcmp(at[0], "!") == 0) {
        e->at++;
        return !parse_primary(e);
    }
    if (left(e) >= 3 && strcmp(at[0], "(") == 0) {
        e->at++;
        value = parse_or(e);
        if (left(e) == 0 || strcmp(*e->at++, ")") != 0)
            return wrong_test(e, "')' is missing");
        return value;
    }
    if (left(e) >= 2 && at[0][0] == '-' && at[0][1] && !at[0][2]) {
        e->at += 2;
        return unary(e, at[0][1], at[1]);
    }
    if (left(e) == 0)
        return wrong_test(e, "an operand is missing");
    e->at++;
    return *at[0] != '\0';
}

static bool
parse_and(struct expression *e)
{
    bool value = parse_primary(e);

    while (left(e) > 0 && strcmp(*e->at, "-a") == 0) {
        e->at++;
        value &= parse_primary(e);
    }
    return value;
}

static bool
parse_or(struct expression *e)
{
    bool value = parse_and(e);

    while (left(e) > 0 && strcmp(*e->at, "-o") == 0) {
        e->at++;
        value |= parse_and(e);
    }
    return value;
}

int
test_main(int argc, char **argv)
{
    struct expression e = {.at = argv + 1, .end = argv + argc};
    bool value;

    if (strcmp(argv[0], "[") == 0) {
        if (argc < 2 || strcmp(argv[argc - 1], "]") != 0) {
            wrong_test(&e, "']' is missing");
            return 2;
        }
        e.end--;
    }
    if (left(&e) == 0)
        return 1;
    value = parse_or(&e);
    if (left(&e) > 0)
        wrong_test(&e, "too many arguments");
    return e.wrong ? 2 : !value;
}
