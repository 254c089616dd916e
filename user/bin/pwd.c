/* pwd: prints the working directory. */
#include <err.h>
#include <prog.h>
#include <unistd.h>

static const char usage[] = "usage: pwd\nPrint the working directory.\n";

int
main(int argc, char **argv)
{
    char *path;

    prog_option(argc, argv, "", usage);
    path = getcwd(NULL, 0);
    if (!path)
        err(1, "getcwd");
    puts(path);
    prog_exit(0);
}
