/* sha256sum: prints SHA-256 digests of files. */
#include <getopt.h>
#include <prog.h>
#include <sha256.h>

static const char usage[] = "usage: sha256sum [FILE...]\n"
                            "Print the SHA-256 digest of each FILE.\n";

static void
digest(FILE *f, const char *name)
{
    static char block[32768];
    struct sha256 sum;
    char text[65];
    size_t n;

    sha256_begin(&sum);
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        sha256_add(&sum, block, n);
    sha256_end(&sum, text);
    if (!ferror(f))
        printf("%s  %s\n", text, name);
}

int
main(int argc, char **argv)
{
    prog_option(argc, argv, "", usage);
    prog_exit(!prog_each_file(argc, argv, digest));
}
