/* A log: lines with the time in front, in files of limited size.
 *
 * NAME is the file that is written to, NAME.1 the one before, and so on up to
 * NAME.OUTPUT_LOG_KEPT. A line is
 *
 *     2026-11-28 08:41:22 [    1.234567] what was printed
 *
 * with the date only if the machine knows it; a '+' for the blank before the
 * text says that it goes on where the line before had to end. Control
 * characters, and what is no UTF-8, are written as \xNN, so that no output can
 * harm who reads it.
 *
 * Text that cannot be written (the disk is full, or not there yet) is kept
 * until it can be, as far as there is room; lines beyond that are lost, and
 * their number is noted once it can be. Nothing here fails, or waits but for
 * the disk. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_LOG_SIZE  65536u /* bytes of a file */
#define OUTPUT_LOG_KEPT  4u     /* files besides the one written to */
#define OUTPUT_STAMP_MAX 64u    /* bytes of the time before a line */
#define OUTPUT_LINE_MAX  512u   /* bytes of a line before it is divided */

struct output_log {
    const char *path; /* of the file that is written to; the owner's */
    int fd;           /* -1: not open, as between flushes */
    uint64_t size;    /* of the file */
    uint64_t written; /* bytes since the log was begun */

    char stamp[OUTPUT_STAMP_MAX]; /* of the lines that are added */
    char line[OUTPUT_LINE_MAX];   /* what came of a line, and has no end yet */
    size_t line_used;
    bool divided; /* a part of it was written */

    char text[8192]; /* lines that are to be written */
    size_t text_used;
    unsigned long lost; /* lines after those */
    int reason;         /* errno of the last failure */
};

/* path must outlive the log. The file need not be accessible yet. */
void output_log_begin(struct output_log *l, const char *path);

/* Adds bytes, lines or parts of such. */
void output_log_add(struct output_log *l, const char *bytes, size_t n);

/* Ends the line that has been begun, if there is one. */
void output_log_end_line(struct output_log *l);

/* Writes out what is complete, and closes the file. */
void output_log_flush(struct output_log *l);

/* Flushes, ended line or not. */
void output_log_close(struct output_log *l);
