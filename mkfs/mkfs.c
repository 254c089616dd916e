/* mkfs.eclipsefs: makes an eclipsefs image from a directory of the host. */

#include "complain.h"
#include "extended.h"
#include "host_kernel.h"
#include "modes.h"
#include "plain.h"
#include "tree.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { EXIT_USAGE = 2 };

static const char usage_text[] =
    "usage: mkfs.eclipsefs [options] IMG\n"
    "  --plain          a plain 2.0 image, which is mounted read-only; else "
    "an\n"
    "                   extended one\n"
    "  -d DIR           fill it with what DIR holds; default: nothing\n"
    "  -D FILE          owners and modes: lines PATH MODE UID GID\n"
    "  -s SIZE          bytes of the image, with k, M or G; default: enough\n"
    "  -N INODES        slots in the inode table, at least; default: enough\n"
    "  -L LABEL         up to 32 bytes; a plain image has none\n"
    "  --reproducible   same tree, same bytes: owners are 0, all times are\n"
    "                   SOURCE_DATE_EPOCH, or 0 if that is not set\n"
    "exit status: 0, 1 if the image could not be made, 2 for wrong usage\n";

struct arguments {
    bool plain, reproducible;
    const char *label, *dir, *modes, *image;
    uint64_t size, inodes;
};

/* Reads a number with k, M or G behind it, at most max. */
static bool
parse_number(const char *text, uint64_t max, uint64_t *value)
{
    static const char units[] = "kMG";
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    unsigned shift = 0;

    if (*text < '0' || *text > '9')
        return complain(text, "not a number");
    if (*end && strchr(units, *end))
        shift = 10 * (unsigned)(strchr(units, *end++) - units + 1);
    if (*end)
        return complain(text, "not a number");
    if (number > max >> shift)
        return complain(text, "too large");
    *value = number << shift;
    return true;
}

static bool
parse_option(struct arguments *args, int option)
{
    switch (option) {
    case 'p':
        args->plain = true;
        return true;
    case 'r':
        args->reproducible = true;
        return true;
    case 'd':
        args->dir = optarg;
        return true;
    case 'D':
        args->modes = optarg;
        return true;
    case 'L':
        args->label = optarg;
        return true;
    case 's':
        return parse_number(optarg, INT64_MAX, &args->size);
    case 'N':
        return parse_number(optarg, UINT32_MAX, &args->inodes);
    case 'h':
        fputs(usage_text, stdout);
        exit(EXIT_SUCCESS);
    default:
        return false;
    }
}

static bool
parse_arguments(struct arguments *args, int argc, char **argv)
{
    static const struct option options[] = {
        {"plain", no_argument, NULL, 'p'},
        {"reproducible", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "d:D:L:s:N:h", options, NULL)) !=
           -1)
        if (!parse_option(args, option))
            return false;
    if (optind != argc - 1)
        return false;
    args->image = argv[optind];
    return true;
}

/* The time that everything in a reproducible image has. */
static bool
read_epoch(uint64_t *epoch)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");

    *epoch = 0;
    if (!text || !*text)
        return true;
    char *end;
    *epoch = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end)
        return complain("SOURCE_DATE_EPOCH", "not a number");
    return true;
}

static bool
make_image(const struct arguments *args)
{
    struct tree_options tree_options = {.reproducible = args->reproducible,
                                        .epoch = (uint64_t)time(NULL),
                                        .skip = args->image,
                                        .devices = !args->plain};
    struct stat st;
    struct tree tree;

    if (args->reproducible && !read_epoch(&tree_options.epoch))
        return false;
    if (args->label && args->plain)
        complain(args->label, "a plain image has no label, ignored");
    if (args->label && strlen(args->label) > EFSX_LABEL_MAX)
        return complain(args->label, "a label has at most 32 bytes");
    if (args->dir && stat(args->dir, &st) == 0 && !S_ISDIR(st.st_mode))
        return complain(args->dir, "not a directory");

    struct plain_options plain_options = {.created = tree_options.epoch,
                                          .min_size = args->size,
                                          .slots = (uint32_t)args->inodes};
    struct extended_options extended_options = {
        .created = tree_options.epoch,
        .size = args->size,
        .inodes = (uint32_t)args->inodes,
        .label = args->label,
        .reproducible = args->reproducible,
    };
    bool ok =
        tree_scan(&tree, args->dir, &tree_options) &&
        (!args->modes || modes_apply(&tree, args->modes)) &&
        (args->plain ? plain_write(&tree, args->image, &plain_options)
                     : extended_write(&tree, args->image, &extended_options));
    tree_free(&tree);
    return ok;
}

int
main(int argc, char **argv)
{
    struct arguments args = {0};

    if (!parse_arguments(&args, argc, argv)) {
        fputs(usage_text, stderr);
        return EXIT_USAGE;
    }
    return make_image(&args) ? EXIT_SUCCESS : EXIT_FAILURE;
}
