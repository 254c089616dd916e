#include <echo.h>
#include <err.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Prints s, its escapes interpreted. False after \c, which ends it all. */
static bool
put_escaped(const char *s)
{
    static const char letters[] = "abefnrtv\\",
                      bytes[] = "\a\b\033\f\n\r\t\v\\";
    const char *found;

    for (; *s; s++) {
        if (*s != '\\' || !s[1]) {
            putchar(*s);
            continue;
        }
        s++;
        if (*s == 'c')
            return false;
        if (*s == '0') {
            int value = 0;
            for (int i = 0; i < 3 && s[1] >= '0' && s[1] <= '7'; i++)
                value = value * 8 + (*++s - '0');
            putchar(value);
        } else if ((found = strchr(letters, *s))) {
            putchar(bytes[found - letters]);
        } else {
            putchar('\\');
            putchar(*s);
        }
    }
    return true;
}

/* Sees to it that all is written; in a shell, the next echo starts afresh. */
static int
flush_out(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    warn("write error");
    clearerr(stdout);
    return 1;
}

int
echo_main(int argc, char **argv)
{
    bool newline = true, escapes = false;
    int i = 1;

    for (; i < argc && argv[i][0] == '-' && argv[i][1] &&
           argv[i][1 + strspn(argv[i] + 1, "neE")] == '\0';
         i++) {
        newline &= strchr(argv[i], 'n') == NULL;
        escapes |= strchr(argv[i], 'e') != NULL;
    }
    for (; i < argc; i++) {
        if (!escapes)
            fputs(argv[i], stdout);
        else if (!put_escaped(argv[i]))
            return flush_out();
        if (i + 1 < argc)
            putchar(' ');
    }
    if (newline)
        putchar('\n');
    return flush_out();
}
