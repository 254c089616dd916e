/* Asks a service's own socket how it is, as its manager does. */
#include "svc.h"
#include <err.h>
#include <errno.h>
#include <health.h>
#include <stdio.h>
#include <string.h>

#define PING_MS 5000

int
ping_service(const char *name)
{
    char text[HEALTH_TEXT_MAX];
    int status;

    if (*name == '.' || *name == '\0' || strchr(name, '/'))
        return client_complain(name, -ENOENT);
    status = health_ask(name, text, PING_MS);
    if (status > 0) {
        warn("%s does not answer", name);
        return SVC_NO_ANSWER;
    }
    printf("%s: %s%s", name, status == 0 ? "well" : "not well",
           *text ? ": " : "");
    show_cut(text, 60);
    putchar('\n');
    return status == 0 ? SVC_DONE : SVC_FAILED;
}
