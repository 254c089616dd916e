#include "health.h"
#include <errno.h>
#include <ipc.h>
#include <stdio.h>
#include <unistd.h>

char *
health_socket(const char *name, char *to, size_t size)
{
    snprintf(to, size, "/run/%s.sock", name);
    return to;
}

int
health_ask(const char *name, char text[HEALTH_TEXT_MAX], int timeout)
{
    char path[108];
    struct ipc_packet request = {.header = {.type = HEALTH_REQUEST}};
    struct ipc_packet reply = {.data = text, .room = HEALTH_TEXT_MAX - 1};
    int fd = ipc_connect(health_socket(name, path, sizeof(path)), timeout);
    int called;

    text[0] = '\0';
    if (fd < 0)
        return 1;
    called = ipc_call(fd, &request, &reply, timeout);
    close(fd);
    if (called != 0)
        return 1;
    text[reply.header.length] = '\0';
    return reply.header.status;
}
