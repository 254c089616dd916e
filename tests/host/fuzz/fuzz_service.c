// SOURCES: user/init/parse.c user/init/keys.c user/init/values.c
// SOURCES: user/init/syscalls.c
// CFLAGS: -DNORETURN=_Noreturn
/* Service files: whatever the text, there are values, or complaints that name a
 * line of it. */
#include "fuzz.h"

#include "../../../user/init/config.h"

struct heard {
    struct config_listener listener;
    unsigned lines, complaints;
};

static void
hear(struct config_listener *l, unsigned line, const char *message)
{
    struct heard *h = (struct heard *)l;

    FUZZ_CHECK(line <= h->lines && message[0]);
    h->complaints++;
}

static void
check_list(const struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        FUZZ_CHECK(list->items[i] && strlen(list->items[i]) <= CONFIG_FILE_MAX);
    FUZZ_CHECK(!list->items || !list->items[list->count]);
    FUZZ_CHECK(!config_lists(list, "\n"));
}

static void
check_values(const struct config *c)
{
    const struct config_list *const lists[] = {
        &c->exec,   &c->environment, &c->after,     &c->requires,
        &c->wants,  &c->devices,     &c->health,    &c->sockets,
        &c->groups, &c->may_read,    &c->may_write, &c->syscalls};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        check_list(lists[i]);
    FUZZ_CHECK(c->exec.count > 0 && c->exec.items[0][0] == '/');
    FUZZ_CHECK(c->sockets.count <= CONFIG_SOCKETS);
    FUZZ_CHECK(c->restart_limit <= CONFIG_RESTARTS && c->umask <= 0777);
    FUZZ_CHECK(config_is_name(c->name) && strlen(c->name) < CONFIG_NAME_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard h = {.listener.complain = hear, .lines = 1};
    struct fuzz_input in = {data, size};
    char *text = (char *)fuzz_copy(&in, size + 1);

    for (const char *at = text; (at = strchr(at, '\n')); at++)
        h.lines++;
    struct config *c = config_parse("test", text, &h.listener);
    FUZZ_CHECK(c);
    if (h.complaints == 0)
        check_values(c);
    config_free(c);
    free(text);
    return 0;
}
