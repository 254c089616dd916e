#include "dd.h"
#include <err.h>
#include <fcntl.h>
#include <size.h>
#include <stddef.h>
#include <string.h>
#include <sys/cdefs.h>

#define MOST_BLOCK (64ul << 20)

/* Words that set a flag, or bits of the open flags. */
struct word {
    const char *text;
    size_t at; /* of a bool in struct options, or 0 */
    int flags;
};

#define FLAG(field) offsetof(struct options, field)

static const struct word conversions[] = {
    {"notrunc", FLAG(no_truncate), 0},
    {"nocreat", FLAG(no_create), 0},
    {"excl", FLAG(exclusive), 0},
    {"noerror", FLAG(go_on), 0},
    {"sync", FLAG(pad), 0},
    {"fsync", FLAG(full_sync), 0},
    {"fdatasync", FLAG(data_sync), 0},
    {NULL, 0, 0},
};

static const struct word flags[] = {
    {"append", 0, O_APPEND},
    {"direct", 0, O_DIRECT},
    {"dsync", 0, O_DSYNC},
    {"sync", 0, O_SYNC},
    {"nonblock", 0, O_NONBLOCK},
    {"directory", 0, O_DIRECTORY},
    {"nofollow", 0, O_NOFOLLOW},
    {"fullblock", FLAG(full_blocks), 0},
    {NULL, 0, 0},
};

static const struct word levels[] = {
    {"none", FLAG(quiet), 0},
    {"noxfer", FLAG(no_rate), 0},
    {NULL, 0, 0},
};

/* Sets what a list of words, with commas between, asks for. */
static void
read_words(struct options *o, char *list, const struct word *known, int *to)
{
    char *text;

    while ((text = strsep(&list, ","))) {
        const struct word *w = known;
        while (w->text && strcmp(w->text, text) != 0)
            w++;
        if (!w->text)
            errx(2, "%s: unknown word", text);
        if (w->at)
            *(bool *)((char *)o + w->at) = true;
        else
            *to |= w->flags;
    }
}

static uint64_t
block_size(const char *text)
{
    uint64_t n = size_of(text);

    if (n == 0 || n > MOST_BLOCK)
        errx(2, "%s: blocks have 1 to %lu bytes", text, MOST_BLOCK);
    return n;
}

/* name=value; false if there is no such name. */
static bool
read_operand(struct options *o, const char *name, char *value)
{
    static const struct {
        const char *name;
        size_t at;
    } counts[] = {{"count", FLAG(count)},
                  {"skip", FLAG(skip)},
                  {"iseek", FLAG(skip)},
                  {"seek", FLAG(seek)},
                  {"oseek", FLAG(seek)}};

    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        if (strcmp(name, counts[i].name) == 0) {
            *(uint64_t *)((char *)o + counts[i].at) = size_of(value);
            return true;
        }
    if (strcmp(name, "if") == 0)
        o->in = value;
    else if (strcmp(name, "of") == 0)
        o->out = value;
    else if (strcmp(name, "ibs") == 0)
        o->in_size = block_size(value);
    else if (strcmp(name, "obs") == 0)
        o->out_size = block_size(value);
    else if (strcmp(name, "bs") == 0)
        o->one_size = (o->in_size = o->out_size = block_size(value)) != 0;
    else if (strcmp(name, "conv") == 0)
        read_words(o, value, conversions, NULL);
    else if (strcmp(name, "iflag") == 0)
        read_words(o, value, flags, &o->in_flags);
    else if (strcmp(name, "oflag") == 0)
        read_words(o, value, flags, &o->out_flags);
    else if (strcmp(name, "status") == 0)
        read_words(o, value, levels, NULL);
    else
        return false;
    return true;
}

void
options_read(struct options *o, char **operands)
{
    *o = (struct options){.in_size = 512, .out_size = 512, .count = UINT64_MAX};
    for (; *operands; operands++) {
        char *value = *operands, *name = strsep(&value, "=");
        if (!value || !read_operand(o, name, value))
            errx(2, "%s: unknown operand", name);
    }
}
