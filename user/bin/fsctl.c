/* fsctl: asks the service filesystem about the root file system. */
#include <err.h>
#include <errno.h>
#include <filesystem_protocol.h>
#include <getopt.h>
#include <health.h>
#include <ipc.h>
#include <prog.h>
#include <size.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: fsctl [scrub]\n"
    "Show how the root file system is; with scrub, as root, read all files "
    "and\n"
    "directories first. The exit status is 1 if any is damaged, 3 if the\n"
    "service filesystem does not answer.\n";

#define QUERY_MS 10000

static void
ask(uint16_t type, struct filesystem_report *report)
{
    struct ipc_packet request = {.header = {.type = type}};
    struct ipc_packet reply = {.data = report, .room = sizeof(*report)};
    char path[108];
    int fd =
        ipc_connect(health_socket("filesystem", path, sizeof(path)), QUERY_MS);

    if (fd < 0)
        err(3, "filesystem does not answer: %s", path);
    if (ipc_call(fd, &request, &reply,
                 type == FILESYSTEM_SCRUB ? -1 : QUERY_MS) != 0)
        err(3, "filesystem does not answer");
    errno = -reply.header.status;
    if (errno == EBUSY)
        errx(1, "somebody else is waiting for a scrub");
    if (errno)
        err(1, "scrub");
    if (reply.header.length != sizeof(*report))
        errx(3, "filesystem speaks of something else");
}

static void
show(const struct filesystem_report *r)
{
    char all[8], free_[8], bytes[8];

    size_human(r->blocks * r->block_size, all);
    size_human(r->blocks_free * r->block_size, free_);
    size_human(r->bytes_read, bytes);
    printf("room:   %s of %s free, %lu of %lu inodes\n", free_, all,
           (unsigned long)r->files_free, (unsigned long)r->files);
    if (r->scrubbing || r->scrubs)
        printf("scrub:  %s, %lu files and directories, %s read, %lu damaged\n",
               r->scrubbing ? "under way" : "done",
               (unsigned long)r->files_read, bytes, (unsigned long)r->damaged);
    else
        printf("scrub:  none yet\n");
    if (r->damaged)
        printf("        the first is %.*s\n", (int)sizeof(r->first_path),
               r->first_path);
}

int
main(int argc, char **argv)
{
    struct filesystem_report report;
    bool scrub;

    prog_option(argc, argv, "", usage);
    scrub = argc == 2 && strcmp(argv[1], "scrub") == 0;
    if (argc > 1 + scrub)
        prog_usage(usage);
    ask(scrub ? FILESYSTEM_SCRUB : FILESYSTEM_STATFS, &report);
    show(&report);
    prog_exit(report.damaged > 0);
}
