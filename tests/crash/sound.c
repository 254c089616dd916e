#include "sound.h"

#include "../../mkfs/check.h"

#include <stdio.h>

struct first {
    char *text;
    size_t size;
    unsigned count;
};

/* Keeps the first finding. */
static void
report(const struct check_finding *f, void *context)
{
    struct first *first = context;

    if (!f->note && first->count++ == 0)
        snprintf(first->text, first->size, "fsck: inode %u: %s", f->ino,
                 f->text);
}

bool
check_is_sound(struct blockdev *dev, char *text, size_t size)
{
    struct first first = {text, size, 0};
    struct check_options options = {.report = report, .context = &first};
    struct check_result result;
    const char *why = "";

    int err = check_image(dev, &options, &result, &why);
    if (err)
        snprintf(text, size, "fsck: %s", why);
    return !err && result.findings == 0;
}
