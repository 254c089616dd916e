#include "modes.h"

#include "abi/mode.h"
#include "complain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The entry called name, of len bytes, in a directory; NULL: there is none. */
static const struct tree_entry *
find_entry(const struct tree_node *dir, const char *name, size_t len)
{
    for (size_t i = 0; i < dir->entry_count; i++)
        if (strncmp(dir->entries[i].name, name, len) == 0 &&
            dir->entries[i].name[len] == '\0')
            return &dir->entries[i];
    return NULL;
}

static struct tree_node *
find_node(struct tree *tree, const char *path)
{
    struct tree_node *node = &tree->nodes[0];

    while (*(path += strspn(path, "/"))) {
        size_t len = strcspn(path, "/");
        const struct tree_entry *entry = find_entry(node, path, len);
        if (!entry)
            return NULL;
        node = &tree->nodes[entry->ino - 1];
        path += len;
    }
    return node;
}

/* Takes one line to pieces and does what it says; NULL, or what is wrong. */
static const char *
apply_line(struct tree *tree, char *line)
{
    char path[4096], rest[2];
    unsigned mode, uid, gid;

    line[strcspn(line, "#\n")] = '\0';
    if (line[strspn(line, " \t")] == '\0')
        return NULL;
    if (sscanf(line, "%4095s %o %u %u %1s", path, &mode, &uid, &gid, rest) != 4)
        return "not a path, a mode and two numbers";
    if (path[0] != '/' || mode > 07777)
        return path[0] != '/' ? "the path does not begin with /"
                              : "the mode is not one";
    struct tree_node *node = find_node(tree, path);
    if (!node)
        return "there is no such file";
    node->mode = (node->mode & S_IFMT) | mode;
    node->uid = uid;
    node->gid = gid;
    return NULL;
}

bool
modes_apply(struct tree *tree, const char *file)
{
    FILE *f = fopen(file, "r");
    char *line = NULL, what[4200];
    size_t room = 0;
    bool good = true;

    if (!f)
        return complain(file, strerror(errno));
    for (unsigned number = 1; getline(&line, &room, f) >= 0; number++) {
        const char *wrong = apply_line(tree, line);
        if (!wrong)
            continue;
        snprintf(what, sizeof(what), "%s:%u", file, number);
        good = complain(what, wrong);
    }
    if (ferror(f))
        good = complain(file, strerror(errno));
    free(line);
    fclose(f);
    return good;
}
