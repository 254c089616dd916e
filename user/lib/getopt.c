#include <getopt.h>
#include <err.h>
#include <string.h>

char *optarg;
int optind = 1, optopt, opterr = 1;

/* The letters left in the argument that is being read. */
static const char *unread = "";

static int
bad_option(const char *what, const char *letters)
{
    if (opterr && *letters != ':')
        warnx("%s -- %c", what, optopt);
    return *letters == ':' && *what == 'o' ? ':' : '?';
}

int
getopt(int argc, char *const argv[], const char *letters)
{
    const char *known;

    if (!*unread) {
        if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
            return -1;
        unread = argv[optind++] + 1;
        if (strcmp(unread, "-") == 0) {
            unread = "";
            return -1;
        }
    }
    optopt = *unread++;
    known = optopt == ':' ? NULL : strchr(letters, optopt);
    if (!known)
        return bad_option("unknown option", letters);
    if (known[1] != ':')
        return optopt;
    if (*unread)
        optarg = (char *)unread;
    else if (optind < argc)
        optarg = argv[optind++];
    else
        return bad_option("option needs an argument", letters);
    unread = "";
    return optopt;
}
