#include "listen.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

/* Reads KIND:ADDRESS, which the parser has checked. False if the address is too
 * long. */
static bool
read_address(const char *word, int *type, struct sockaddr_un *to,
             socklen_t *len)
{
    const char *address = strchr(word, ':') + 1;
    size_t n = strlen(address);

    *type = *word == 's' ? word[1] == 't' ? SOCK_STREAM : SOCK_SEQPACKET
                         : SOCK_DGRAM;
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n >= sizeof(to->sun_path))
        return false;
    memcpy(to->sun_path, address, n);
    /* An abstract name has a byte 0 where a path has its slash, and its length
     * is part of it. */
    if (*address == '@')
        to->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
                       (*address == '/'));
    return true;
}

/* What an earlier init, or a crash, has left. */
static void
remove_old(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
}

static int
open_one(const char *word)
{
    struct sockaddr_un address;
    socklen_t len;
    int type, fd, bound;
    mode_t mask;

    if (!read_address(word, &type, &address, &len))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (address.sun_path[0])
        remove_old(address.sun_path);
    /* The mode counts from the first moment, and is nothing else's. */
    mask = umask(0111);
    bound = bind(fd, (const struct sockaddr *)&address, len);
    umask(mask);
    if (bound != 0 || (type != SOCK_DGRAM && listen(fd, BACKLOG) != 0)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

/* All words with ':' between. NULL if there is no memory. */
static char *
join(const struct config_list *words)
{
    size_t size = 1;
    char *text;

    for (size_t i = 0; i < words->count; i++)
        size += strlen(words->items[i]) + 1;
    text = malloc(size);
    if (!text)
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < words->count; i++) {
        strlcat(text, i ? ":" : "", size);
        strlcat(text, strchr(words->items[i], ':') + 1, size);
    }
    return text;
}

int
listen_open(struct listen *l, const struct config *c)
{
    int err = 0;

    if (l->open)
        return 0;
    l->names = join(&c->sockets);
    if (!l->names)
        err = -ENOMEM;
    for (l->count = 0; !err && l->count < c->sockets.count;) {
        int fd = open_one(c->sockets.items[l->count]);
        if (fd < 0)
            err = fd;
        else
            l->fds[l->count++] = fd;
    }
    l->open = !err;
    while (err && l->count > 0)
        close(l->fds[--l->count]);
    if (err) {
        free(l->names);
        l->names = NULL;
    }
    return err;
}
