#include "stat.h"
#include "abi/eclipsefs.h"
#include <fcntl.h>
#include <names.h>
#include <prog.h>
#include <resolve.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What one letter stands for: text, from malloc, if it is not NULL, else a
 * number. */
struct value {
    char *text;
    unsigned long number;
    char conversion; /* of the number: u, d, o or x; 0 if it is unknown */
};

const char *
fs_type_name(const struct statfs *fs)
{
    static char hex[24];
    static const struct {
        long number;
        const char *name;
    } types[] = {{ECLIPSEFS_SUPER_MAGIC, "eclipsefs"},
                 {0x9fa0, "proc"},
                 {0x62656572, "sysfs"},
                 {0x01021994, "tmpfs"},
                 {0x1373, "devfs"}};

    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].number == fs->f_type)
            return types[i].name;
    snprintf(hex, sizeof(hex), "0x%lx", (unsigned long)fs->f_type);
    return hex;
}

unsigned long
fs_id(const struct statfs *fs)
{
    return (unsigned long)(uint32_t)fs->f_fsid[0] << 32 |
           (uint32_t)fs->f_fsid[1];
}

void
format_time(char to[48], const struct timespec *t)
{
    char date[32];

    strftime(date, sizeof(date), "%F %T", gmtime(&t->tv_sec));
    snprintf(to, 48, "%s.%09ld +0000", date, (long)t->tv_nsec);
}

/* A letter that stands for a number. */
struct number {
    char letter, conversion;
    unsigned long value;
};

static void
set_number(struct value *v, const struct number *numbers, char letter)
{
    while (numbers->letter && numbers->letter != letter)
        numbers++;
    v->conversion = numbers->letter ? numbers->conversion : '\0';
    v->number = numbers->value;
}

static void
set_text(struct value *v, const char *text)
{
    v->text = prog_format("%s", text);
}

/* %N: the name in quotes, and what it points to. */
static void
set_quoted(struct value *v, const struct subject *s)
{
    char *target =
        S_ISLNK(s->st.st_mode) ? resolve_link(AT_FDCWD, s->path) : NULL;

    v->text = prog_format(target ? "'%s' -> '%s'" : "'%s'", s->path, target);
    free(target);
}

static void
set_time(struct value *v, const struct timespec *t)
{
    char text[48];

    format_time(text, t);
    set_text(v, text);
}

static void
set_file_number(struct value *v, const struct stat *st, char letter)
{
    const struct number numbers[] = {
        {'a', 'o', st->st_mode & 07777},
        {'b', 'u', (unsigned long)st->st_blocks},
        {'B', 'u', 512},
        {'d', 'u', st->st_dev},
        {'f', 'x', st->st_mode},
        {'g', 'u', st->st_gid},
        {'h', 'u', st->st_nlink},
        {'i', 'u', st->st_ino},
        {'o', 'u', (unsigned long)st->st_blksize},
        {'s', 'u', (unsigned long)st->st_size},
        {'t', 'x', MAJOR(st->st_rdev)},
        {'T', 'x', MINOR(st->st_rdev)},
        {'u', 'u', st->st_uid},
        {'X', 'd', (unsigned long)st->st_atime},
        {'Y', 'd', (unsigned long)st->st_mtime},
        {'Z', 'd', (unsigned long)st->st_ctime},
        {'\0', '\0', 0},
    };

    set_number(v, numbers, letter);
}

/* The value of a letter for files. */
static void
set_file_value(struct value *v, const struct subject *s, char letter)
{
    const struct stat *st = &s->st;
    char mode[11];

    mode_string(st->st_mode, mode);
    if (letter == 'A')
        set_text(v, mode);
    else if (letter == 'F')
        set_text(v, S_ISREG(st->st_mode) && st->st_size == 0
                        ? "regular empty file"
                        : file_type_name(st->st_mode));
    else if (letter == 'G')
        set_text(v, group_name(st->st_gid));
    else if (letter == 'U')
        set_text(v, user_name(st->st_uid));
    else if (letter == 'N')
        set_quoted(v, s);
    else if (letter == 'x')
        set_time(v, &st->st_atim);
    else if (letter == 'y')
        set_time(v, &st->st_mtim);
    else if (letter == 'z')
        set_time(v, &st->st_ctim);
    else
        set_file_number(v, st, letter);
}

/* The value of a letter for file systems. */
static void
set_fs_value(struct value *v, const struct statfs *fs, char letter)
{
    const struct number numbers[] = {
        {'a', 'u', fs->f_bavail},
        {'b', 'u', fs->f_blocks},
        {'c', 'u', fs->f_files},
        {'d', 'u', fs->f_ffree},
        {'f', 'u', fs->f_bfree},
        {'i', 'x', fs_id(fs)},
        {'l', 'u', (unsigned long)fs->f_namelen},
        {'s', 'u', (unsigned long)fs->f_bsize},
        {'S', 'u', (unsigned long)fs->f_frsize},
        {'t', 'x', (unsigned long)fs->f_type},
        {'\0', '\0', 0},
    };

    if (letter == 'T')
        set_text(v, fs_type_name(fs));
    else
        set_number(v, numbers, letter);
}

/* Prints the value of a letter as flags (such as "-10" or "0.3") say. */
static void
print_value(const char *flags, int len, char letter, const struct subject *s)
{
    struct value v = {.text = NULL};
    char how[32];

    if (letter == 'n')
        set_text(&v, s->path);
    else if (letter == '%')
        set_text(&v, "%");
    else if (s->is_fs)
        set_fs_value(&v, &s->fs, letter);
    else
        set_file_value(&v, s, letter);
    if (!v.text && !v.conversion)
        set_text(&v, "?");
    len = len > 20 ? 20 : len;
    if (v.text) {
        snprintf(how, sizeof(how), "%%%.*ss", len, flags);
        printf(how, v.text);
    } else {
        snprintf(how, sizeof(how), "%%%.*sl%c", len, flags, v.conversion);
        printf(how, v.number);
    }
    free(v.text);
}

void
format_print(const char *format, const struct subject *s)
{
    while (*format) {
        size_t flags;
        if (*format != '%') {
            putchar(*format++);
            continue;
        }
        format++;
        flags = strspn(format, "-+ #0123456789.");
        if (!format[flags])
            return;
        print_value(format, (int)flags, format[flags], s);
        format += flags + 1;
    }
}
