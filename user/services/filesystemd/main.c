/* filesystemd: looks after the root file system. It reads everything now and
 * then, so that damage is known before it hurts, has what was written put on
 * the disk, and tells how things are. */
#include "scrub.h"
#include <daemon.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <prog.h>
#include <size.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

static const char usage[] =
    "usage: filesystemd [-d SECONDS] [-e SECONDS] [-r KIB] [-s SECONDS]\n"
    "Look after the root file system; svc status filesystem shows how it is.\n"
    "  -d  when the first scrub begins: 600 after the start\n"
    "  -e  when the next one does: 86400 after the end of the last\n"
    "  -r  how many KiB a second a scrub reads: 512\n"
    "  -s  how often what was written is put on the disk: 60\n";

#define STEP_FILES 32 /* names that are looked at without a pause */

static unsigned long first_after = 600, every = 86400, rate = 512,
                     sync_every = 60;
static int64_t next_sync, next_scrub; /* ms, as ipc_now_ms */
static uint64_t syncs;

/* Who asked for the scrub that is running. */
static struct ipc_ticket asker;
static bool asked;

static void
make_report(struct filesystem_report *to)
{
    struct statfs fs;

    memset(to, 0, sizeof(*to));
    scrub_report(to);
    to->syncs = syncs;
    if (statfs("/", &fs) != 0)
        return;
    to->block_size = (uint64_t)fs.f_bsize;
    to->blocks = fs.f_blocks;
    to->blocks_free = fs.f_bfree;
    to->files = fs.f_files;
    to->files_free = fs.f_ffree;
}

static int
health(struct daemon *d UNUSED, char text[HEALTH_TEXT_MAX])
{
    struct filesystem_report r;
    char room[8];

    make_report(&r);
    size_human(r.blocks_free * r.block_size, room);
    if (r.damaged) {
        snprintf(text, HEALTH_TEXT_MAX, "%lu damaged: %s%s",
                 (unsigned long)r.damaged, r.first_path,
                 r.damaged > 1 ? ", ..." : "");
        return -EUCLEAN;
    }
    if (r.scrubbing)
        snprintf(text, HEALTH_TEXT_MAX, "%s free; scrub: %lu files so far",
                 room, (unsigned long)r.files_read);
    else if (r.scrubs)
        snprintf(text, HEALTH_TEXT_MAX, "%s free; all %lu files can be read",
                 room, (unsigned long)r.files_read);
    else
        snprintf(text, HEALTH_TEXT_MAX, "%s free; not scrubbed yet", room);
    return 0;
}

static void
handle(struct daemon *d, struct ipc_request *r)
{
    struct filesystem_report report;

    if (r->type == FILESYSTEM_SCRUB) {
        if (r->peer.uid != 0) {
            ipc_reply(&d->server, r, -EPERM, NULL, 0);
        } else if (asked && ipc_is_waiting(&d->server, &asker)) {
            ipc_reply(&d->server, r, -EBUSY, NULL, 0);
        } else {
            asker = ipc_put_off(&d->server, r);
            asked = true;
            scrub_begin();
        }
    } else if (r->type == FILESYSTEM_STATFS) {
        make_report(&report);
        ipc_reply(&d->server, r, 0, &report, sizeof(report));
    }
}

/* A scrub has come to its end. */
static void
scrub_done(struct daemon *d)
{
    struct filesystem_report report;

    make_report(&report);
    if (asked)
        ipc_answer(&d->server, &asker, 0, &report, sizeof(report));
    asked = false;
    next_scrub = ipc_now_ms() + (int64_t)every * 1000;
    daemon_report(d);
}

/* Does a part of the scrub. Returns for how many ms to rest: somebody who
 * waits for it is not made to wait longer than need be. */
static int
do_scrub(struct daemon *d)
{
    unsigned long bytes = 0;
    bool more = true;

    for (int i = 0; more && i < STEP_FILES && bytes < SCRUB_STEP; i++)
        bytes += scrub_step(&more);
    if (!more)
        scrub_done(d);
    return asked || !more ? 0 : (int)(bytes * 1000 / (rate * 1024)) + 1;
}

/* Does what is due. Returns for how many ms there is nothing else to do. */
static int
work(struct daemon *d)
{
    int64_t now = ipc_now_ms(), next;

    if (now >= next_sync) {
        sync();
        syncs++;
        next_sync = now + (int64_t)sync_every * 1000;
    }
    if (!scrub_is_running() && now >= next_scrub)
        scrub_begin();
    if (scrub_is_running())
        return do_scrub(d);
    next = next_sync < next_scrub ? next_sync : next_scrub;
    return next > now ? (int)(next - now) : 0;
}

int
main(int argc, char **argv)
{
    static struct daemon d; /* large: in what costs no room in the file */
    int c;

    while ((c = prog_option(argc, argv, "d:e:r:s:", usage)) != -1) {
        unsigned long n = prog_number(optarg, 1000000);
        if (c == 'd')
            first_after = n;
        else if (c == 'e')
            every = n ? n : 1;
        else if (c == 'r')
            rate = n ? n : 1;
        else
            sync_every = n ? n : 1;
    }
    if (optind < argc)
        prog_usage(usage);
    d.name = "filesystem";
    d.health = health;
    d.handle = handle;
    daemon_begin(&d);
    next_sync = ipc_now_ms() + (int64_t)sync_every * 1000;
    next_scrub = ipc_now_ms() + (int64_t)first_after * 1000;
    daemon_ready(&d);
    for (;;)
        daemon_wait(&d, work(&d));
}
