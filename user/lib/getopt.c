#include <getopt.h>
#include <err.h>
#include <string.h>

char *optarg;
int optind = 1, optopt, opterr = 1;

/* The letters left in the argument that is being read. */
static const char *rest = "";

static int
refuse(const char *what, const char *letters)
{
    if (opterr && *letters != ':')
        warnx("%s -- %c", what, optopt);
    return *letters == ':' && *what == 'o' ? ':' : '?';
}

int
getopt(int argc, char *const argv[], const char *letters)
{
    const char *known;

    if (!*rest) {
        if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
            return -1;
        rest = argv[optind++] + 1;
        if (strcmp(rest, "-") == 0) {
            rest = "";
            return -1;
        }
    }
    optopt = *rest++;
    known = optopt == ':' ? NULL : strchr(letters, optopt);
    if (!known)
        return refuse("unknown option", letters);
    if (known[1] != ':')
        return optopt;
    if (*rest)
        optarg = (char *)rest;
    else if (optind < argc)
        optarg = argv[optind++];
    else
        return refuse("option needs an argument", letters);
    rest = "";
    return optopt;
}
