#include "dtbs.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096

struct dtb dtbs[DTBS_MAX];
unsigned ndtbs;

static void
fail(const char *what, const char *name)
{
    fprintf(stderr, "dtbs: %s: %s\n", what, name);
    exit(1);
}

static void
name_after_file(struct dtb *dtb, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    if (strlen(file) >= sizeof(dtb->name))
        fail("name too long", path);
    strcpy(dtb->name, file);
    char *dot = strrchr(dtb->name, '.');
    if (dot != NULL)
        *dot = '\0';
}

/* QEMU's dumps are a mebibyte, nearly all of it padding: they are packed. */
static void
load(const char *path)
{
    if (ndtbs == DTBS_MAX)
        fail("more trees than DTBS_MAX", path);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail("cannot open", path);
    static char buf[4 << 20];
    size_t size = fread(buf, 1, sizeof(buf), file);
    fclose(file);
    if (size < sizeof(struct fdt_header) || fdt_totalsize(buf) > size ||
        fdt_pack(buf) != 0)
        fail("no device tree", path);

    struct dtb *dtb = &dtbs[ndtbs++];
    name_after_file(dtb, path);
    dtb->size = fdt_totalsize(buf);
    dtb->blob = malloc(dtb->size);
    if (dtb->blob == NULL)
        fail("no memory", path);
    memcpy(dtb->blob, buf, dtb->size);
}

void
dtbs_load(const char *program, const char *names)
{
    char command[2 * PATH_SIZE];
    snprintf(command, sizeof(command),
             "python3 tests/host/make_dtbs.py '%s.dtbs' %s", program, names);
    FILE *list = popen(command, "r");
    if (list == NULL)
        fail("cannot run", command);
    char path[PATH_SIZE];
    while (fgets(path, sizeof(path), list) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        load(path);
    }
    if (pclose(list) != 0 || ndtbs == 0)
        fail("failed", command);
}

const struct dtb *
dtb_get(const char *name)
{
    for (unsigned i = 0; i < ndtbs; i++)
        if (strcmp(dtbs[i].name, name) == 0)
            return &dtbs[i];
    fail("no such tree", name);
    return NULL;
}
