/* yes: prints a line again and again. */
#include <getopt.h>
#include <prog.h>

static const char usage[] = "usage: yes [TEXT]\n"
                            "Print TEXT, or y, until stopped.\n";

int
main(int argc, char **argv)
{
    const char *text;

    prog_option(argc, argv, "", usage);
    text = optind < argc ? argv[optind] : "y";
    while (puts(text) != EOF)
        ;
    return 1;
}
