/* cp: copies files. */
#include <copy.h>
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <walk.h>

static const char usage[] =
    "usage: cp [-adfHiLnpPrRTv] SOURCE TARGET\n"
    "       cp [-adfHiLnpPrRv] SOURCE... DIR\n"
    "Copy SOURCE to TARGET, or SOURCEs into DIR.\n"
    "  -r, -R  directories with all in them   -a  likewise, as -pd\n"
    "  -p  with owner, permissions and times  -d  links and names, as -P\n"
    "  -f  replace what cannot be opened      -i  ask before overwriting\n"
    "  -n  leave what exists                  -T  TARGET is never a DIR\n"
    "  -L  follow all links, -H the SOURCEs, -P none   -v  say what is done\n";

static struct copy how;
static bool plain; /* -T */
static int follow = -1;

static void
set_option(int letter)
{
    how.recursive |= letter == 'r' || letter == 'R' || letter == 'a';
    how.attributes |= letter == 'p' || letter == 'a';
    how.names |= letter == 'd' || letter == 'a';
    how.force |= letter == 'f';
    how.verbose |= letter == 'v';
    plain |= letter == 'T';
    /* The last one of these counts. */
    if (letter == 'i' || letter == 'n') {
        how.interactive = letter == 'i';
        how.no_clobber = letter == 'n';
    }
    if (letter == 'P' || letter == 'd' || letter == 'a')
        follow = 0;
    if (letter == 'L')
        follow = WALK_FOLLOW;
    if (letter == 'H')
        follow = WALK_FOLLOW_FIRST;
}

static bool
copy_to(const char *from, const char *to)
{
    return copy_path(&how, from, to);
}

int
main(int argc, char **argv)
{
    bool into;
    int c;

    while ((c = prog_option(argc, argv, "adfHiLnpPrRTv", usage)) != -1)
        set_option(c);
    how.follow = follow >= 0 ? follow : how.recursive ? 0 : WALK_FOLLOW;
    argv += optind;
    argc -= optind;
    if (argc < 2 || (plain && argc != 2))
        prog_usage(usage);
    into = !plain && prog_is_directory(argv[argc - 1]);
    prog_exit(!prog_each_source(argv, argc, into, copy_to));
}
