/* Showing the line that is being edited, over as many rows as it takes; of one
 * that is longer than the screen, the part around the cursor. */
#pragma once

#include "text.h"

struct screen {
    const char *prompt;
    size_t columns, rows;
    size_t top; /* the first row that is shown, from the prompt's first */
    size_t row; /* the cursor's, from there */
    size_t end; /* the last that is shown, from there */
};

/* Measures the terminal and shows the prompt. A terminal that does not know its
 * size, as behind a serial line, is asked, once: its answer comes as a key. */
void screen_begin(struct screen *s, const char *prompt);

/* The terminal's answer: it has so many rows and columns. The line is to be
 * drawn next. */
void screen_resize(struct screen *s, size_t rows, size_t columns);

/* Shows line anew, with the cursor before line[cursor]. */
void screen_draw(struct screen *s, const struct text *line, size_t cursor);

/* A character of so many bytes was added at the end of line, where the cursor
 * was: shows just that if the rows stay as they are, else all. */
void screen_appended(struct screen *s, const struct text *line, size_t bytes);

/* Clears the screen; the line is to be drawn next. */
void screen_clear(struct screen *s);

/* Leaves the line: the cursor goes below it. */
void screen_end(struct screen *s, const struct text *line);

/* Lists names below the line, in columns. The line is to be drawn next. */
void screen_list(struct screen *s, const struct text *line,
                 const struct strings *names);
