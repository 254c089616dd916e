/* time: how long a program runs. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <prog.h>
#include <riscv.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: time COMMAND [ARG...]\n"
    "Run COMMAND and print how long it took, and how many instructions this\n"
    "hart retired meanwhile: exact with one hart and QEMU's -icount.\n";

int
main(int argc, char **argv)
{
    struct timespec from, to;
    uint64_t instructions;
    long ns;
    int status;
    pid_t pid;

    prog_option(argc, argv, "", usage);
    if (optind == argc)
        prog_usage(usage);
    clock_gettime(CLOCK_MONOTONIC, &from);
    instructions = riscv_instret();
    pid = fork();
    if (pid == 0) {
        execvp(argv[optind], argv + optind);
        err(errno == ENOENT ? 127 : 126, "%s", argv[optind]);
    }
    if (pid < 0)
        err(1, "fork");
    waitpid(pid, &status, 0);
    instructions = riscv_instret() - instructions;
    clock_gettime(CLOCK_MONOTONIC, &to);
    ns = (to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec;
    fprintf(stderr, "real %ld.%06ld s\ninstructions %lu\n", ns / 1000000000,
            ns / 1000 % 1000000, (unsigned long)instructions);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
