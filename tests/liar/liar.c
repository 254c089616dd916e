/* Disks for QEMU that lie: a vhost-user-blk back end.
 *
 * usage: liar DISK...
 *        liar --list
 *
 * A DISK is SOCKET:IMAGE:LIE[:AT[:EVERY[:SEED]]]. Each is served at a socket of
 * its own, from the content of IMAGE, which is not changed. LIE is one of
 * --list; it is told at request AT, counted from 0, and at every EVERY-th after
 * that one (0: never again). "ready" is printed once QEMU may come; at the end,
 * when standard input is closed, "SOCKET told N of M" for each disk. */
#include "lies.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DISKS     8
#define FDS       (1 + DISKS * (1 + VHOST_QUEUES))
#define NAME_MOST 128

static struct server {
    struct disk disk;
    char socket[NAME_MOST];
    int listener;
} servers[DISKS];
static unsigned nservers;

/* ---- The command line ---- */

static void
fail(const char *what, const char *why)
{
    fprintf(stderr, "liar: %s: %s\n", what, why);
    exit(2);
}

static int
listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof(address.sun_path))
        fail(path, "a socket's name cannot be as long");
    strcpy(address.sun_path, path);
    if (fd < 0 || bind(fd, (void *)&address, sizeof(address)) != 0 ||
        listen(fd, 1) != 0)
        fail(path, "no socket");
    return fd;
}

static unsigned
number(char **rest, unsigned otherwise)
{
    char *word = strsep(rest, ":");
    return word != NULL ? (unsigned)strtoul(word, NULL, 10) : otherwise;
}

static void
add_server(char *words)
{
    if (nservers == DISKS)
        fail(words, "too many disks");
    struct server *s = &servers[nservers++];
    struct disk *d = &s->disk;
    char *name = strsep(&words, ":"), *image = strsep(&words, ":");
    char *lie = strsep(&words, ":");
    if (lie == NULL || strlen(name) >= NAME_MOST)
        fail(name, "SOCKET:IMAGE:LIE is wanted");
    strcpy(s->socket, name);
    if (disk_init(d, image) != 0)
        fail(image, "cannot be read");
    d->name = d->serial = lie;
    d->at = number(&words, 0);
    d->every = number(&words, 0);
    d->seed = number(&words, 1);
    if (lies_choose(d, lie) != 0)
        fail(lie, "no such lie");
    s->listener = listen_at(s->socket);
}

/* ---- Serving ---- */

/* Who is connected is served; else somebody may connect. */
static unsigned
watch(struct pollfd *fds)
{
    unsigned n = 0;
    fds[n++] = (struct pollfd){.fd = 0, .events = POLLIN};
    for (unsigned i = 0; i < nservers; i++) {
        const struct vhost *v = &servers[i].disk.vhost;
        int fd = v->socket >= 0 ? v->socket : servers[i].listener;
        fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
        for (unsigned q = 0; q < VHOST_QUEUES; q++) {
            int kick = v->socket >= 0 ? v->rings[q].kick : -1;
            fds[n++] = (struct pollfd){.fd = kick, .events = POLLIN};
        }
    }
    return n;
}

static void
serve(struct server *s, const struct pollfd *fds)
{
    struct vhost *v = &s->disk.vhost;
    for (unsigned q = 0; q < VHOST_QUEUES; q++) {
        uint64_t rings;
        if (fds[1 + q].revents & POLLIN &&
            read(fds[1 + q].fd, &rings, sizeof(rings)) < 0)
            continue;
    }
    if (fds[0].revents != 0 && v->socket < 0) {
        vhost_open(v, accept(s->listener, NULL, NULL));
    } else if (fds[0].revents != 0 && vhost_serve(v) != 0) {
        vhost_close(v);
    }
    disk_poll(&s->disk);
    if (s->disk.hangs_up && v->socket >= 0)
        vhost_close(v);
}

static void
serve_all(void)
{
    struct pollfd fds[FDS];
    int wait = -1;
    do {
        unsigned n = watch(fds);
        if (poll(fds, n, wait) < 0)
            return;
        for (unsigned i = 0; i < nservers; i++)
            serve(&servers[i], &fds[1 + i * (1 + VHOST_QUEUES)]);
        wait = -1;
        for (unsigned i = 0; i < nservers; i++) {
            int next = disk_flush(&servers[i].disk);
            if (next >= 0 && (wait < 0 || next < wait))
                wait = next;
        }
    } while (fds[0].revents == 0);
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        lies_list();
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++)
        add_server(argv[i]);
    puts("ready");
    fflush(stdout);
    serve_all();
    for (unsigned i = 0; i < nservers; i++)
        printf("%s told %u of %u\n", servers[i].socket, servers[i].disk.told,
               servers[i].disk.requests);
    return 0;
}
