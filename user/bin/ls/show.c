#include "ls.h"
#include <names.h>
#include <size.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Columns that UTF-8 text takes. */
static size_t
text_width(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static const char *
mark(mode_t mode)
{
    if (!options.classify)
        return "";
    return S_ISDIR(mode)    ? "/"
           : S_ISLNK(mode)  ? "@"
           : S_ISFIFO(mode) ? "|"
           : S_ISSOCK(mode) ? "="
           : mode & 0111    ? "*"
                            : "";
}

static size_t
entry_width(const struct entry *e)
{
    size_t n = text_width(e->name) + strlen(mark(e->st.st_mode));

    return options.inodes ? n + 8 : n;
}

static void
show_name(const struct entry *e)
{
    if (options.inodes)
        printf("%7lu ", (unsigned long)e->st.st_ino);
    for (const char *s = e->name; *s; s++)
        putchar((unsigned char)*s < ' ' || *s == 127 ? '?' : *s);
    fputs(mark(e->st.st_mode), stdout);
}

/* With the time of day if it is less than half a year off. */
static void
show_time(time_t when)
{
    static time_t now;
    struct tm date;
    char text[32];

    if (!now)
        time(&now);
    gmtime_r(&when, &date);
    if (labs(now - when) < 183 * 86400l)
        strftime(text, sizeof(text), "%b %e %H:%M", &date);
    else
        strftime(text, sizeof(text), "%b %e  %Y", &date);
    printf("%s ", text);
}

/* Valid until the next call. */
static const char *
size_text(const struct entry *e)
{
    static char text[24];

    if (options.human)
        size_human((uint64_t)e->st.st_size, text);
    else
        snprintf(text, sizeof(text), "%ld", (long)e->st.st_size);
    return text;
}

static void
show_details(const struct entry *e, int size_width)
{
    char mode[11];

    mode_string(e->st.st_mode, mode);
    printf("%s %3u ", mode, e->st.st_nlink);
    printf("%-6s %-6s ", user_name(e->st.st_uid), group_name(e->st.st_gid));
    if (S_ISCHR(e->st.st_mode) || S_ISBLK(e->st.st_mode))
        printf("%3lu,%4lu ", (unsigned long)MAJOR(e->st.st_rdev),
               (unsigned long)MINOR(e->st.st_rdev));
    else
        printf("%*s ", size_width, size_text(e));
    show_time(e->st.st_mtime);
    show_name(e);
    if (e->target)
        printf(" -> %s", e->target);
    putchar('\n');
}

static size_t
terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* Downwards, in as few rows as the widest name allows. */
static void
show_columns(const struct entry *entries, size_t count)
{
    size_t widest = 1, columns, rows;

    for (size_t i = 0; i < count; i++)
        if (entry_width(&entries[i]) > widest)
            widest = entry_width(&entries[i]);
    columns = terminal_columns() / (widest + 2);
    columns = columns ? columns : 1;
    rows = (count + columns - 1) / columns;
    for (size_t row = 0; row < rows; row++)
        for (size_t i = row; i < count; i += rows) {
            show_name(&entries[i]);
            if (i + rows < count)
                printf("%*s", (int)(widest + 2 - entry_width(&entries[i])), "");
            else
                putchar('\n');
        }
}

void
show_entries(const struct entry *entries, size_t count)
{
    int size_width = options.human ? 5 : 8;

    for (size_t i = 0; i < count && options.details; i++) {
        int n = (int)strlen(size_text(&entries[i]));
        size_width = n > size_width ? n : size_width;
    }
    if (!options.details && !options.one_column) {
        show_columns(entries, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (options.details) {
            show_details(&entries[i], size_width);
        } else {
            show_name(&entries[i]);
            putchar('\n');
        }
}
