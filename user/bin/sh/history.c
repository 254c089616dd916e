#include "history.h"
#include "text.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT 500

static char *lines[LIMIT];
static size_t nlines;
static char *history_file; /* of the file that keeps them; NULL: none */

/* Returns whether line was new. */
static bool
remember(const char *line)
{
    if (!line[strspn(line, " \t")])
        return false;
    if (nlines > 0 && strcmp(lines[nlines - 1], line) == 0)
        return false;
    if (nlines == LIMIT) {
        free(lines[0]);
        memmove(lines, lines + 1, (LIMIT - 1) * sizeof(*lines));
        nlines--;
    }
    lines[nlines++] = xstrdup(line);
    return true;
}

/* Adds a line to the file. Where the disk cannot be written, the history just
 * ends with the shell. */
static void
append_to_file(const char *line)
{
    int fd =
        open(history_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600u);

    if (fd < 0)
        return;
    dprintf(fd, "%s\n", line);
    close(fd);
}

/* Puts a file with the lines in memory in the place of one that has become
 * long. */
static void
shorten(void)
{
    struct text other = {0};
    FILE *f;
    bool good;

    text_put(&other, history_file);
    text_put(&other, ".new");
    unlink(other.bytes);
    f = fopen(other.bytes, "wx");
    if (f) {
        fchmod(fileno(f), 0600);
        for (size_t i = 0; i < nlines; i++)
            fprintf(f, "%s\n", lines[i]);
        good = !ferror(f);
        if (fclose(f) != 0 || !good || rename(other.bytes, history_file) != 0)
            unlink(other.bytes);
    }
    text_free(&other);
}

void
history_load(const char *home)
{
    struct text name = {0};
    size_t size = 0, in_file = 0;
    char *line = NULL;
    ssize_t n;
    FILE *f;

    if (!home)
        return;
    text_put(&name, home);
    text_put(&name, "/.sh_history");
    history_file = text_take(&name);
    f = fopen(history_file, "re");
    while (f && (n = getline(&line, &size, f)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        remember(line);
        in_file++;
    }
    if (f)
        fclose(f);
    free(line);
    if (in_file > 2 * LIMIT)
        shorten();
}

void
history_add(const char *line)
{
    if (remember(line) && history_file)
        append_to_file(line);
}

size_t
history_count(void)
{
    return nlines;
}

const char *
history_line(size_t i)
{
    return i < nlines ? lines[i] : NULL;
}
