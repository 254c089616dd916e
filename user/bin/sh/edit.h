/* Reading a line from the terminal, with editing.
 *
 * Keys: arrows, Home, End, Delete, and as in emacs ^A ^B ^E ^F ^H ^K ^L ^N ^P
 * ^U ^W and Alt with b, d, f; Tab completes; ^C gives the line up; ^D on an
 * empty line is the end. A terminal that cannot be switched is read plainly. */
#pragma once

enum edit_result {
    EDIT_LINE,
    EDIT_CANCELLED,
    EDIT_END,
};

/* With EDIT_LINE, *line is from malloc, without its newline. */
enum edit_result edit_line(const char *prompt, char **line);
