/* efs: looks into an eclipsefs image, without root and without a mount. */

#include "abi/errno.h"
#include "abi/mode.h"
#include "dump.h"
#include "edit.h"
#include "fs/bcache.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/space.h"
#include "get.h"
#include "host_disk.h"
#include "lib/bits.h"
#include "list.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define CACHE_BLOCKS 4096u

enum { EXIT_USAGE = 2 };

static const char usage_text[] =
    "usage: efs ls [-l | --manifest] IMG [PATH]   list a directory, or a tree\n"
    "       efs cat IMG PATH                      write a file to stdout\n"
    "       efs get IMG PATH [DEST]               copy a file or a tree out\n"
    "       efs stat IMG PATH                     show what an inode says\n"
    "       efs dump IMG [INODE | block N]        show every field on the "
    "disk\n"
    "       efs df IMG                            show how full the image is\n"
    "       efs put IMG SOURCE PATH               copy a file or a tree in\n"
    "       efs rm [-r] IMG PATH                  remove a file, or a tree\n"
    "exit status: 0, 1 if something is missing or damaged, 2 for wrong usage\n";

struct command {
    const char *name;
    int min_args, max_args; /* IMG included */
    bool writes;
    int (*run)(struct walk *w, char **args, int count);
};

static bool option_long, option_manifest, option_recursive;

static int
fail(const char *what, int err)
{
    fprintf(stderr, "efs: %s: %s\n", what, walk_strerror(err));
    return EXIT_FAILURE;
}

static int
run_ls(struct walk *w, char **args, int count)
{
    const char *path = count > 1 ? args[1] : "/";
    char prefix[WALK_PATH_MAX];
    struct efs_node node;

    int err = walk_path(w, path, false, &node);
    if (err)
        return fail(path, err);
    if (!option_manifest) {
        err = list_directory(w, &node, path, option_long);
        return err ? fail(args[0], err) : EXIT_SUCCESS;
    }
    snprintf(prefix, sizeof prefix, "%s%s", path[0] == '/' ? "" : "/", path);
    for (size_t n = strlen(prefix); n > 0 && prefix[n - 1] == '/'; n--)
        prefix[n - 1] = '\0';
    err = list_manifest(w, &node, prefix);
    return err ? fail(args[0], err) : EXIT_SUCCESS;
}

static int
run_cat(struct walk *w, char **args, int count UNUSED)
{
    struct efs_node node;

    int err = walk_path(w, args[1], true, &node);
    if (!err && node.type == ECLIPSEFS_DIRECTORY)
        err = -EISDIR;
    if (!err)
        err = get_to_stdout(w, &node);
    return err ? fail(args[1], err) : EXIT_SUCCESS;
}

static int
run_get(struct walk *w, char **args, int count)
{
    const char *slash = strrchr(args[1], '/');
    const char *dest = count > 2 ? args[2] : slash ? slash + 1 : args[1];
    struct efs_node node;

    if (dest[0] == '\0')
        dest = "root";
    int err = walk_path(w, args[1], false, &node);
    if (err)
        return fail(args[1], err);
    return get_tree(w, &node, dest) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What an extended image has besides. */
static int
print_place(struct walk *w, const struct efs_node *node)
{
    static const char *const layouts[] = {[EFS_INLINE] = "inline",
                                          [EFS_EXTENTS] = "extents",
                                          [EFS_EXTENT_INDEX] = "extent index",
                                          [EFS_HASH_INDEX] = "hash index"};
    bool device = !S_ISREG(node->mode) && node->type == ECLIPSEFS_FILE;
    uint64_t blocks = 0;
    int err = 0;

    if (device)
        printf("rdev    %u,%u\n", major(node->rdev), minor(node->rdev));
    if (node->type != ECLIPSEFS_DIRECTORY)
        err = efs_extent_count(&w->fs, node, &blocks);
    printf("layout  %s\n", layouts[node->layout]);
    printf("blocks  %llu\n", (unsigned long long)blocks);
    return err;
}

static const char *
type_name(const struct efs_node *node)
{
    switch (node->mode & S_IFMT) {
    case S_IFDIR:
        return "directory";
    case S_IFLNK:
        return "symlink";
    case S_IFCHR:
        return "character device";
    case S_IFBLK:
        return "block device";
    case S_IFIFO:
        return "pipe";
    case S_IFSOCK:
        return "socket";
    default:
        return "file";
    }
}

static int
run_stat(struct walk *w, char **args, int count UNUSED)
{
    struct efs_node node;

    int err = walk_path(w, args[1], false, &node);
    if (err)
        return fail(args[1], err);
    printf("inode   %u\n", node.ino);
    printf("type    %s\n", type_name(&node));
    printf("mode    %o\n", node.mode);
    printf("uid     %u\n", node.uid);
    printf("gid     %u\n", node.gid);
    printf("nlink   %u\n", node.nlink);
    printf("size    %llu\n", (unsigned long long)node.size);
    printf("atime   %llu\n", (unsigned long long)node.atime);
    printf("mtime   %llu\n", (unsigned long long)node.mtime);
    printf("ctime   %llu\n", (unsigned long long)node.ctime);
    if (w->fs.extended)
        err = print_place(w, &node);
    printf("data    %u bytes at %llu\n", node.data_len,
           (unsigned long long)node.data);
    return err ? fail(args[1], err) : EXIT_SUCCESS;
}

static int
run_dump(struct walk *w, char **args, int count)
{
    bool block = count == 3 && strcmp(args[1], "block") == 0;
    const char *text = args[block ? 2 : 1];
    char *end;

    if (count < 2) {
        int err = dump_all(w);
        return err ? fail(args[0], err) : EXIT_SUCCESS;
    }
    unsigned long number = strtoul(text, &end, 0);
    if (*end || end == text || number > UINT32_MAX || count == 2 + !block) {
        fprintf(stderr, "efs: %s: not a number of an inode or a block\n", text);
        return EXIT_USAGE;
    }
    int err = block ? dump_block(&w->fs, number)
                    : dump_inode(&w->fs, (uint32_t)number);
    return err ? fail(text, err) : EXIT_SUCCESS;
}

/* Numbers that an extended image keeps itself. */
static void
print_space(const struct efs *fs)
{
    uint64_t total = le64_load(fs->ext.total_blocks);
    uint64_t unused = efs_space_free_blocks(fs);

    printf("label        %.*s\n", (int)sizeof fs->ext.label,
           (const char *)fs->ext.label);
    printf("blocks       %llu of %llu used\n",
           (unsigned long long)(total - unused), (unsigned long long)total);
}

static int
run_df(struct walk *w, char **args, int count UNUSED)
{
    static const char *const types[] = {"", "files", "directories", "symlinks"};
    uint64_t content[4] = {0}, nodes[4] = {0}, used = 0;
    uint64_t slots =
        (w->fs.records - w->fs.table) / sizeof(struct eclipsefs_slot);
    int result = 0;

    for (uint64_t ino = 1; ino <= w->fs.inode_count; ino++) {
        struct efs_node node;
        if (walk_is_free(w, (uint32_t)ino))
            continue;
        int err = efs_node_read(&w->fs, (uint32_t)ino, &node);
        if (err) {
            result = err;
            continue;
        }
        used++;
        nodes[node.type]++;
        content[node.type] += node.type == ECLIPSEFS_DIRECTORY
                                  ? node.data_len
                                  : efs_node_length(&node);
    }
    printf("image        %llu bytes\n", (unsigned long long)w->fs.size);
    if (w->fs.extended)
        print_space(&w->fs);
    printf("inodes       %llu of %llu slots\n", (unsigned long long)used,
           (unsigned long long)slots);
    for (unsigned type = 1; type < ARRAY_LEN(types); type++)
        printf("%-12s %llu, %llu bytes\n", types[type],
               (unsigned long long)nodes[type],
               (unsigned long long)content[type]);
    return result ? fail(args[0], result) : EXIT_SUCCESS;
}

static int
run_put(struct walk *w, char **args, int count UNUSED)
{
    return edit_put(w, args[1], args[2]) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run_rm(struct walk *w, char **args, int count UNUSED)
{
    return edit_remove(w, args[1], option_recursive) ? EXIT_SUCCESS
                                                     : EXIT_FAILURE;
}

static const struct command commands[] = {
    {"ls", 1, 2, false, run_ls},     {"cat", 2, 2, false, run_cat},
    {"get", 2, 3, false, run_get},   {"stat", 2, 2, false, run_stat},
    {"dump", 1, 3, false, run_dump}, {"df", 1, 1, false, run_df},
    {"put", 3, 3, true, run_put},    {"rm", 2, 2, true, run_rm},
};

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int
usage(void)
{
    fputs(usage_text, stderr);
    return EXIT_USAGE;
}

/* Opens the image args[0] and runs command over it. */
static int
run(const struct command *command, char **args, int count)
{
    struct host_disk disk;
    struct walk walk;
    const char *why;

    int err = command->writes ? host_disk_open_rw(&disk, args[0], true)
                              : host_disk_open(&disk, args[0]);
    if (err) {
        fprintf(stderr, "efs: %s: %s\n", args[0], strerror(-err));
        return EXIT_FAILURE;
    }
    bcache_init(CACHE_BLOCKS);
    err = walk_open(&walk, &disk.dev, command->writes, &why);
    if (err) {
        fprintf(stderr, "efs: %s: %s\n", args[0], why);
        host_disk_close(&disk);
        return EXIT_FAILURE;
    }
    int status = command->run(&walk, args, count);
    err = walk_close(&walk);
    host_disk_close(&disk);
    if (err)
        return fail(args[0], err);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "efs: the output could not be written\n");
        return EXIT_FAILURE;
    }
    return status;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"manifest", no_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "lrh", options, NULL)) != -1) {
        if (option == 'r')
            option_recursive = true;
        else if (option == 'l')
            option_long = true;
        else if (option == 'm')
            option_manifest = true;
        else if (option == 'h') {
            fputs(usage_text, stdout);
            return EXIT_SUCCESS;
        } else {
            return usage();
        }
    }
    argv += optind;
    argc -= optind;
    const struct command *command = argc > 0 ? find_command(argv[0]) : NULL;
    if (!command || argc - 1 < command->min_args ||
        argc - 1 > command->max_args)
        return usage();
    if ((option_long || option_manifest) && command->run != run_ls)
        return usage();
    if (option_recursive && command->run != run_rm)
        return usage();
    return run(command, argv + 1, argc - 1);
}
