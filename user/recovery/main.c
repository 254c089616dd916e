/* The recovery init: a small shell that needs no disk.
 *
 * The kernel runs it, from its own image, when it finds no /sbin/init; argv[1]
 * is the reason. */
#include "commands.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Cuts line into words at blanks. Returns their number. */
static int
split(char *line, char **words, int max)
{
    char *rest = line, *word;
    int count = 0;

    while (count < max - 1 && (word = strtok_r(rest, " \t\n", &rest)))
        words[count++] = word;
    words[count] = NULL;
    return count;
}

/* Collects processes that were left to init. */
static void
reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

int
main(int argc, char **argv)
{
    static char line[512];
    char *words[32];

    if (argc > 1)
        printf("recovery: %s\n", argv[1]);
    puts("recovery: this shell is part of the kernel; help lists what it can "
         "do.");
    for (;;) {
        reap();
        fputs("recovery# ", stdout);
        fflush(stdout);
        if (!fgets(line, sizeof(line), stdin)) {
            clearerr(stdin);
            putchar('\n');
            sleep(1);
            continue;
        }
        int count = split(line, words, 32);
        if (count > 0)
            commands_run(count, words);
    }
}
