/* What a stream is made of; for the files that implement <stdio.h>. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct file {
    int fd;
    int mode; /* _IOFBF, _IOLBF, _IONBF, or UNDECIDED */
    bool readable, writable, at_eof, failed;
    bool writing; /* the buffer holds output, not input */
    char *buffer; /* NULL until the first use */
    size_t size;
    size_t at;  /* input: next byte to give out; output: bytes waiting */
    size_t end; /* input: bytes in the buffer */
    FILE *next; /* in the list of open streams */
};

#define UNDECIDED (-1)

extern FILE *file_list;

/* Makes f ready to write (or read): checks that it may, and turns it round.
 * 0 or EOF. */
int file_start_writing(FILE *f);
int file_start_reading(FILE *f);

/* Reads more into the empty buffer; 0, or EOF at the end or on an error. */
int file_fill(FILE *f);
