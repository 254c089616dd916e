/* A journal over a disk that loses its power, for tests.
 *
 * One thread; what goes wrong ends the test. */
#pragma once

#include "crash_disk.h"
#include "fs/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LOG_START 5u
#define FIRST     (LOG_START + log_blocks) /* blocks to change, 200 at least */
#define LOG_MAX   ((log_blocks - 1) / 2 - 2) /* blocks of a transaction */

extern struct crash_disk disk;
extern struct journal *journal;
extern unsigned log_blocks;
extern uint8_t *image;                     /* of the whole disk */
extern unsigned closed, committed, failed; /* how often hooks were called */
extern bool no_memory;                     /* kzalloc fails */

/* Makes an empty journal of count blocks, and as many others, and opens it. */
void make_journal(unsigned count);

/* For cmocka: one of 200 blocks. */
int setup(void **state);
int teardown(void **state);

int open_journal(bool read_only);

/* The power goes: what was flushed is left, and with all, the rest too; image
 * has it. The same with what image has by now. */
void lose_power(bool all);
int open_image(bool read_only);

/* Within a change: fills a block but for its last byte. */
void edit(unsigned block, uint8_t content, journal_seal seal);

/* A change of count blocks; and the same, committed. */
void change(unsigned block, unsigned count, uint8_t content);
void commit(unsigned block, unsigned count, uint8_t content);

/* A byte of a block as it is in the cache; a block as it is on the disk. */
uint8_t cached(unsigned block);
uint8_t *placed(unsigned block);
