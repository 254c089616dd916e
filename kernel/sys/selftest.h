/* Errors made on purpose, by bootargs test.*, so that tests can see what the
 * kernel makes of them. Thread context. */
#pragma once

/* Makes the error that the bootargs ask for; returns if there is none, or
 * if this build does not notice it. */
void selftest_run(void);
