#include "ipc/socket_list.h"

#include "ipc/name.h"

/* Flags and states as Linux numbers them. */
#define SO_ACCEPTCON   0x10000u
#define SS_UNCONNECTED 1u
#define SS_CONNECTED   3u

/* What a line says of one. */
struct line {
    uint64_t ino;
    unsigned refs, type, flags, state;
    struct socket_name *name; /* with a reference; or NULL */
};

/* The one after ino `after`; numbers rise. Returns false after the last. */
static bool
next_line(uint64_t after, struct line *line)
{
    struct socket *s, *next = NULL;
    spin_guard(&socket_lock);
    list_for_each_entry (s, &socket_all, all_node)
        if (s->ino > after && (!next || s->ino < next->ino))
            next = s;
    if (!next)
        return false;
    *line = (struct line){
        .ino = next->ino,
        .refs = READ_ONCE(next->refs),
        .type = (unsigned)next->type,
        .flags = next->state == SOCKET_LISTENING ? SO_ACCEPTCON : 0,
        .state = next->peer ? SS_CONNECTED : SS_UNCONNECTED,
        .name = name_ref(next->name),
    };
    return true;
}

/* An abstract name begins with a zero byte, and may have more. */
static int
put_name(struct text *out, const struct socket_address *name)
{
    unsigned len = name->len - (unsigned)offsetof(struct sockaddr_un, sun_path);
    bool is_path = name->un.sun_path[0];
    text_put(out, " ", 1);
    for (unsigned i = 0; i < len - is_path; i++)
        text_put(out, name->un.sun_path[i] ? &name->un.sun_path[i] : "@", 1);
    return 0;
}

int
socket_show_all(struct text *out)
{
    struct line line = {.ino = 0};
    text_printf(out, "Num       RefCount Protocol Flags    Type St Inode "
                     "Path\n");
    while (next_line(line.ino, &line)) {
        text_printf(out, "%016x: %08x %08x %08x %04x %02x %5lu", 0, line.refs,
                    0, line.flags, line.type, line.state, line.ino);
        if (line.name)
            put_name(out, &line.name->address);
        name_put(line.name);
        text_put(out, "\n", 1);
    }
    return 0;
}
