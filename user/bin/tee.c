/* tee: copies standard input to standard output and to files. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <signal.h>
#include <stdlib.h>

static const char usage[] =
    "usage: tee [-ai] [FILE...]\n"
    "Copy standard input to standard output and FILEs.\n"
    "  -a  append to FILEs   -i  do not end when the user interrupts\n";

int
main(int argc, char **argv)
{
    static char block[4096];
    int count, status = 0, c;
    bool append = false;
    FILE **files;
    size_t n;

    while ((c = prog_option(argc, argv, "ai", usage)) != -1) {
        append |= c == 'a';
        if (c == 'i')
            signal(SIGINT, SIG_IGN);
    }
    count = argc - optind;
    files = prog_realloc(NULL, ((size_t)count + 1) * sizeof(*files));
    files[0] = stdout;
    setvbuf(stdout, NULL, _IONBF, 0);
    for (int i = 0; i < count; i++) {
        files[i + 1] = fopen(argv[optind + i], append ? "a" : "w");
        if (!files[i + 1]) {
            warn("%s", argv[optind + i]);
            status = 1;
        }
    }
    while ((n = fread(block, 1, sizeof(block), stdin)) > 0)
        for (int i = 0; i <= count; i++)
            if (files[i] && fwrite(block, 1, n, files[i]) != n) {
                warn("%s", i ? argv[optind + i - 1] : "standard output");
                files[i] = NULL;
                status = 1;
            }
    exit(fflush(NULL) != 0 ? 1 : status);
}
