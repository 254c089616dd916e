/* Generated text, and the files that show it.
 *
 * Owns struct text_buf, private to the thread that fills it, then to the
 * open file. Thread context, may block. */
#pragma once

#include "fs/pseudo.h"

struct text_buf {
    char *data; /* from kmalloc */
    size_t len, size;
    bool failed; /* memory ran out: some text is missing */
};

/* Lets content's show fill an empty text, whose data is the caller's to free
 * even after an error. Returns 0, -ENOMEM, or show's error. */
int text_generate(struct text_buf *text, const struct pseudo_content *content)
    MUST_CHECK;

/* Files whose inode's private is a struct pseudo_content with a show. */
extern const struct file_ops text_file_ops;
