/* tee: copies standard input to standard output and to files. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>

static const char usage[] =
    "usage: tee [-a] [FILE...]\n"
    "Copy standard input to standard output and FILEs; -a appends.\n";

int
main(int argc, char **argv)
{
    bool append = prog_option(argc, argv, "a", usage) == 'a';
    int count = argc - optind, status = 0;
    FILE **files = calloc((size_t)count + 1, sizeof(*files));
    static char block[4096];
    size_t n;

    if (!files)
        err(1, "tee");
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
