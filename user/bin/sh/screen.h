/* Showing the line that is being edited, over as many rows as it takes. */
#pragma once

#include "text.h"

struct screen {
    const char *prompt;
    size_t columns;
    size_t row; /* the cursor's, from the prompt's first */
};

/* Measures the terminal and shows the prompt. */
void screen_begin(struct screen *s, const char *prompt);

/* Shows line anew, with the cursor before line[cursor]. */
void screen_draw(struct screen *s, const struct text *line, size_t cursor);

/* A character was added at the end of line, or taken from it: shows just
 * that if the rows stay as they are, else all. */
void screen_appended(struct screen *s, const struct text *line, size_t bytes);

/* Clears the screen; the prompt is to be drawn next. */
void screen_clear(struct screen *s);

/* Leaves the line: the cursor goes below it. */
void screen_end(struct screen *s, const struct text *line);

/* Lists names below the line, in columns. The line is to be drawn next. */
void screen_list(struct screen *s, const struct text *line,
                 const struct strings *names);
