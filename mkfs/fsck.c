/* fsck.eclipsefs: checks an image, and mends it. */

#include "abi/errno.h"
#include "check.h"
#include "fs/bcache.h"
#include "host_disk.h"
#include "host_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the guest, the Makefile says fewer. */
#ifndef CACHE_BLOCKS
#define CACHE_BLOCKS 65536u
#endif

/* As fsck(8) has them; they add up. */
enum {
    EXIT_SOUND = 0,
    EXIT_MENDED = 1,
    EXIT_LEFT = 4,   /* something wrong is left */
    EXIT_FAILED = 8, /* it could not be checked */
    EXIT_USAGE = 16,
};

static const char usage_text[] =
    "usage: fsck.eclipsefs [-n | -y] [--json] IMG\n"
    "  -n      only look: nothing is changed (also without an option)\n"
    "  -y      mend whatever can be mended; a plain image is never changed\n"
    "  --json  one JSON object instead of text\n"
    "exit status: 0 sound, 1 mended, 4 something is left, 8 cannot be\n"
    "checked, 16 wrong usage\n";

struct arguments {
    bool repair, json;
    const char *image;
};

/* Writes text as a JSON string, byte for byte where it is ASCII: names are
 * bytes, and what they are not in UTF-8 is for nobody to decide. */
static void
print_json_string(const char *text)
{
    putchar('"');
    for (const unsigned char *p = (const void *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else if (*p < ' ' || *p > '~')
            printf("\\u%04x", *p);
        else
            putchar(*p);
    }
    putchar('"');
}

static void
print_text(const char *text)
{
    for (const unsigned char *p = (const void *)text; *p; p++)
        if (*p < ' ' || *p == 0x7f)
            printf("\\x%02x", *p);
        else
            putchar(*p);
}

static void
report_text(const struct check_finding *f, void *context UNUSED)
{
    if (f->note)
        printf("note: ");
    if (f->ino)
        printf("inode %u: ", f->ino);
    if (f->block)
        printf("block %llu: ", (unsigned long long)f->block);
    print_text(f->text);
    putchar('\n');
}

static void
report_json(const struct check_finding *f, void *context)
{
    unsigned *count = context;

    printf("%s\n  {\"note\": %s, \"kind\": \"%s\", \"inode\": %u, "
           "\"block\": %llu, \"text\": ",
           (*count)++ ? "," : "", f->note ? "true" : "false", f->kind, f->ino,
           (unsigned long long)f->block);
    print_json_string(f->text);
    putchar('}');
}

/* By hand, for the guest's C library knows no long options. */
static bool
parse_arguments(struct arguments *args, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage_text, stdout);
            exit(EXIT_SOUND);
        } else if (strcmp(argv[i], "--json") == 0) {
            args->json = true;
        } else if (strcmp(argv[i], "-n") == 0 || strcmp(argv[i], "-y") == 0) {
            args->repair = argv[i][1] == 'y';
        } else if (args->image || argv[i][0] == '-') {
            return false;
        } else {
            args->image = argv[i];
        }
    }
    return args->image;
}

static int
exit_status(const struct check_result *r, int err)
{
    bool failed = err == -EIO || err == -ENOMEM || (err && r->findings == 0);
    int status = failed ? EXIT_FAILED : EXIT_SOUND;

    if (r->findings == 0)
        return status;
    return status | (r->repaired ? EXIT_MENDED : EXIT_LEFT);
}

static void
print_summary(const struct arguments *args, const struct check_result *r,
              int err, const char *why)
{
    if (r->transactions > 0)
        printf("%s: %d transactions stood in the journal\n", args->image,
               r->transactions);
    if (r->findings > 0)
        printf("%s: %u findings, %s\n", args->image, r->findings,
               r->repaired    ? "all mended"
               : args->repair ? "not all mended"
                              : "nothing changed");
    if (err)
        printf("%s: %s (%s)\n", args->image, why, strerror(-err));
    else if (r->findings == 0)
        printf("%s: sound; %u files, %u directories, %u symlinks, %u others\n",
               args->image, r->files, r->directories, r->symlinks, r->others);
}

static void
print_json_summary(const struct check_result *r, int err, const char *why,
                   int status)
{
    printf("\n ],\n \"findings_count\": %u, \"notes_count\": %u, "
           "\"repaired\": %s,\n \"extended\": %s, \"transactions\": %d,\n"
           " \"files\": %u, \"directories\": %u, \"symlinks\": %u, "
           "\"others\": %u,\n \"blocks\": %llu, \"blocks_used\": %llu, "
           "\"status\": %d, \"error\": ",
           r->findings, r->notes, r->repaired ? "true" : "false",
           r->extended ? "true" : "false", r->transactions, r->files,
           r->directories, r->symlinks, r->others,
           (unsigned long long)r->blocks, (unsigned long long)r->blocks_used,
           status);
    if (err)
        print_json_string(why);
    else
        printf("null");
    printf("}\n");
}

int
main(int argc, char **argv)
{
    struct arguments args = {0};
    struct check_result result;
    struct host_disk disk;
    const char *why = "";
    unsigned listed = 0;

    if (!parse_arguments(&args, argc, argv)) {
        fputs(usage_text, stderr);
        return EXIT_USAGE;
    }
    host_kernel_quiet = true;
    bcache_init(CACHE_BLOCKS);
    int err = args.repair ? host_disk_open_rw(&disk, args.image, true)
                          : host_disk_open(&disk, args.image);
    if (err) {
        fprintf(stderr, "fsck.eclipsefs: %s: %s\n", args.image, strerror(-err));
        return EXIT_FAILED;
    }
    struct check_options options = {
        .repair = args.repair,
        .report = args.json ? report_json : report_text,
        .context = &listed,
    };
    if (args.json)
        printf("{\"findings\": [");
    err = check_image(&disk.dev, &options, &result, &why);
    int status = exit_status(&result, err);
    if (args.json)
        print_json_summary(&result, err, why, status);
    else
        print_summary(&args, &result, err, why);
    host_disk_close(&disk);
    return status;
}
