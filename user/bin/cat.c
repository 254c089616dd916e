/* cat: copies files to standard output. */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: cat [-n] [FILE...]\n"
                            "Copy files, or standard input, to standard "
                            "output.\n"
                            "  -n  number the lines\n";

static char block[32768];

/* Writes all of block[0..n); ends the program if it cannot. */
static void
write_block(size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t written = write(STDOUT_FILENO, block + done, n - done);
        if (written < 0)
            err(1, "write error");
        done += (size_t)written;
    }
}

static bool
copy(const char *name)
{
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY);
    ssize_t n = fd;

    while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0)
        write_block((size_t)n);
    if (n < 0)
        warn("%s", name);
    if (fd > STDIN_FILENO)
        close(fd);
    return n >= 0;
}

static void
copy_numbered(FILE *f, const char *name)
{
    static unsigned long number;
    bool at_start = true;
    int c;

    (void)name;
    while ((c = getc(f)) != EOF) {
        if (at_start)
            printf("%6lu\t", ++number);
        putchar(c);
        at_start = c == '\n';
    }
}

int
main(int argc, char **argv)
{
    bool good = true;

    if (prog_option(argc, argv, "n", usage) == 'n')
        prog_exit(!prog_each_file(argc, argv, copy_numbered));
    if (optind == argc)
        return !copy("-");
    for (int i = optind; i < argc; i++)
        good &= copy(argv[i]);
    return !good;
}
