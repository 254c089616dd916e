/* The expressions of test and [. */
#pragma once

/* Evaluates argv[1] to argv[argc - 1]; argv[0] is "test" or "[", which needs
 * a last "]". Returns 0 for true, 1 for false, 2 after complaining about a
 * wrong expression. */
int test_main(int argc, char **argv);
