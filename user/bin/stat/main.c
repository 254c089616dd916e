/* stat: shows all that is known about files. */
#include "stat.h"
#include <err.h>
#include <getopt.h>
#include <prog.h>

static const char usage[] =
    "usage: stat [-fL] [-c FORMAT] FILE...\n"
    "Show the attributes of FILEs.\n"
    "  -f  of the file systems they are on   -L  follow symbolic links\n"
    "  -c  as FORMAT says: %n name, %N with what it points to, %s size, %b\n"
    "      blocks, %F type, %A %a permissions, %u %U %g %G owner, %h links,\n"
    "      %i inode, %d device, %t %T its own numbers, %x %X access, %y %Y\n"
    "      change, %z %Z change of attributes; with -f %T type, %s block "
    "size,\n"
    "      %b %f %a blocks in all, free, free for all, %c %d inodes, %l "
    "length\n"
    "      of names, %i id\n";

static const char file_format[] =
    "  File: %N\n"
    "  Size: %-10s Blocks: %-8b Block size: %-6o %F\n"
    "Device: %-10d Inode: %-9i Links: %h\n"
    "  Mode: %04a/%A  Uid: %u (%U)  Gid: %g (%G)\n"
    "Access: %x\n"
    "Modify: %y\n"
    "Change: %z\n";
static const char device_format[] =
    "  File: %N\n"
    "  Size: %-10s Blocks: %-8b Block size: %-6o %F\n"
    "Device: %-10d Inode: %-9i Links: %-5h Number: 0x%t,0x%T\n"
    "  Mode: %04a/%A  Uid: %u (%U)  Gid: %g (%G)\n"
    "Access: %x\n"
    "Modify: %y\n"
    "Change: %z\n";
static const char fs_format[] =
    "  File: %n\n"
    "    ID: %-16i Longest name: %-8l Type: %T\n"
    "Blocks: of %s bytes, %b in all, %f free, %a of them for everybody\n"
    "Inodes: %c in all, %d free\n";

static bool
show(struct subject *s, bool follow, const char *format)
{
    int failed = s->is_fs ? statfs(s->path, &s->fs)
                 : follow ? stat(s->path, &s->st)
                          : lstat(s->path, &s->st);

    if (failed) {
        warn("%s", s->path);
        return false;
    }
    if (format) {
        format_print(format, s);
        putchar('\n');
    } else if (s->is_fs) {
        format_print(fs_format, s);
    } else {
        bool is_device = S_ISCHR(s->st.st_mode) || S_ISBLK(s->st.st_mode);
        format_print(is_device ? device_format : file_format, s);
    }
    return true;
}

int
main(int argc, char **argv)
{
    struct subject s = {.is_fs = false};
    const char *format = NULL;
    bool follow = false, good = true;
    int c;

    while ((c = prog_option(argc, argv, "c:fL", usage)) != -1) {
        if (c == 'c')
            format = optarg;
        follow |= c == 'L';
        s.is_fs |= c == 'f';
    }
    if (optind == argc)
        prog_usage(usage);
    for (; optind < argc; optind++) {
        s.path = argv[optind];
        good &= show(&s, follow, format);
    }
    prog_exit(!good);
}
