#include "history.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

#define LIMIT 200

static char *lines[LIMIT];
static size_t count;

void
history_add(const char *line)
{
    if (!line[strspn(line, " \t")])
        return;
    if (count > 0 && strcmp(lines[count - 1], line) == 0)
        return;
    if (count == LIMIT) {
        free(lines[0]);
        memmove(lines, lines + 1, (LIMIT - 1) * sizeof(*lines));
        count--;
    }
    lines[count++] = xstrdup(line);
}

size_t
history_count(void)
{
    return count;
}

const char *
history_line(size_t i)
{
    return i < count ? lines[i] : NULL;
}
