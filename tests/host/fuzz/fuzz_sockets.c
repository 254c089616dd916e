// SOURCES: kernel/ipc/control.c kernel/ipc/message.c kernel/ipc/name.c
// SOURCES: kernel/ipc/socket.c kernel/ipc/socket_file.c
// SOURCES: kernel/ipc/transfer.c kernel/fs/fdtable.c kernel/fs/file.c
// SOURCES: kernel/fs/path.c kernel/fs/dentry.c kernel/fs/context.c
// SOURCES: kernel/fs/inode.c kernel/fs/mount.c kernel/mm/uio.c
// SOURCES: mkfs/host_kernel.c tests/host/fs_shim.c
// CFLAGS: -iquote tests/host/fuzz/include
// LIBS: -Wl,--wrap=cred_current
/* Sockets: calls of one process in any order, with addresses and control
 * messages of any bytes, and sockets sent through sockets. When all descriptors
 * are closed, no socket is left. */
#include "../fs_shim.h"

#include "abi/errno.h"
#include "dev/random.h"
#include "fs/fdtable.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/poll.h"
#include "host_kernel.h"
#include "ipc/control.h"
#include "ipc/message.h"
#include "ipc/socket_file.h"
#include "mm/frame.h"
#include "proc/process.h"
#include "proc/signal.h"

#include "fuzz.h" /* after fcntl.h, which the C library has, too */

#define FDS       24u
#define STEPS_MAX 64u

struct thread fuzz_thread;
struct process fuzz_process = {.pid = 5};
struct spinlock process_lock;
static struct cred who;

/* ---- What stands in for the layers beside ---- */

const struct cred *__wrap_cred_current(void);

const struct cred *
__wrap_cred_current(void)
{
    return &who;
}

struct process *
process_find_locked(int pid)
{
    return pid == fuzz_process.pid ? &fuzz_process : NULL;
}

uint64_t
signal_wait_begin(uint64_t timeout_ns)
{
    return timeout_ns;
}

int
signal_wait_end(int result, uint64_t deadline_ns UNUSED)
{
    return result;
}

/* Whoever would wait is sent a signal. */
static int
end_sleep(void)
{
    return -EINTR;
}

void
random_fill(void *buf, size_t n)
{
    memset(buf, 3, n);
}

size_t
frame_count_total(void)
{
    return 256; /* shares are small, and used up at times */
}

int
names_create(const struct path_name *at UNUSED, struct inode_new *what UNUSED,
             struct dentry **out UNUSED)
{
    return -EROFS;
}

int
names_unlink(const struct path_name *at UNUSED, bool directory UNUSED)
{
    return -EROFS;
}

/* ---- Calls ---- */

/* A socket, without a reference: nothing else runs. */
static struct socket *
read_socket(struct fuzz_input *in)
{
    int fd = (int)fuzz_choose(in, FDS);
    struct file *file = fdtable_get(fuzz_process.fdtable, fd);

    return file ? socket_of(file) : NULL;
}

static void
install(struct socket *s)
{
    struct file *file = socket_open(s, O_NONBLOCK);

    FUZZ_CHECK(file);
    (void)!fdtable_install(fuzz_process.fdtable, file, 0, false);
}

static void
make(struct fuzz_input *in)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int type = types[fuzz_choose(in, 3)];
    struct socket *a = socket_create(type), *b = NULL;

    FUZZ_CHECK(a);
    if (fuzz_choose(in, 2)) {
        b = socket_create(type);
        FUZZ_CHECK(b);
        socket_pair(a, b);
    }
    install(a);
    if (b)
        install(b);
}

/* Mostly one of a few abstract names; or a path, or any bytes. */
static int
read_address(struct fuzz_input *in, struct socket_address *address)
{
    unsigned how = fuzz_choose(in, 8), len = 4;
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    if (how == 0) {
        len = fuzz_choose(in, 128);
        uint8_t *bytes = fuzz_copy(in, len);
        if (fuzz_choose(in, 2) && len >= 2)
            memcpy(bytes, &un.sun_family, 2);
        int err = name_read_address((uintptr_t)bytes, len, address);
        free(bytes);
        return err;
    }
    if (how == 1)
        strcpy(un.sun_path, "/file");
    else
        un.sun_path[1] = (char)('a' + fuzz_choose(in, 3));
    len = how == 2 ? 2 : how == 1 ? 8 : 4;
    return name_read_address((uintptr_t)&un, len, address);
}

static void
name_or_connect(struct fuzz_input *in, struct socket *s)
{
    struct socket_address address;
    struct socket *target = NULL, *accepted;

    switch (fuzz_choose(in, 5)) {
    case 0:
        if (read_address(in, &address) == 0)
            (void)!name_bind(s, &address);
        break;
    case 1:
        (void)!socket_listen(s, (int)fuzz_choose(in, 4) - 1);
        break;
    case 2:
        if (read_address(in, &address) == 0 &&
            name_find(&address, s->type, &target) == 0) {
            (void)!socket_connect(s, target, fuzz_choose(in, 2));
            socket_put(target);
        }
        break;
    case 3:
        if (s->type == SOCK_DGRAM)
            (void)!socket_connect(s, NULL, true);
        break;
    case 4:
        if (socket_accept(s, true, &accepted) != 0)
            break;
        if (fuzz_choose(in, 4))
            install(accepted);
        else
            socket_unaccept(s, accepted);
    }
}

/* Control messages: descriptors, credentials, or any bytes; at times with a
 * length that is not so. Returns how many bytes. */
static size_t
read_control(struct fuzz_input *in, uint8_t *to, size_t room)
{
    size_t used = 0;

    for (unsigned n = fuzz_choose(in, 4); n > 0; n--) {
        unsigned how = fuzz_choose(in, 4);
        size_t bytes = how == 1 ? sizeof(struct ucred) : fuzz_choose(in, 48);
        uint64_t len = 16 + bytes;
        int32_t kind[2] = {SOL_SOCKET,
                           how ? SCM_RIGHTS : (int32_t)fuzz_choose(in, 4)};
        if (how == 1)
            kind[1] = SCM_CREDENTIALS;
        if (used + ALIGN_UP(len, 8) > room)
            break;
        uint8_t *content = fuzz_copy(in, bytes);
        /* Small numbers are descriptors, and users. */
        for (size_t i = 0; how && i < bytes; i++)
            content[i] = i % 4 ? 0 : content[i] % FDS;
        if (fuzz_choose(in, 16) == 0)
            len = fuzz_number(in, 8);
        memcpy(to + used, &len, 8);
        memcpy(to + used + 8, kind, 8);
        memcpy(to + used + 16, content, bytes);
        used += ALIGN_UP(16 + bytes, 8);
        free(content);
    }
    return used;
}

static void
send_one(struct fuzz_input *in, struct socket *s)
{
    static uint8_t control[512], bytes[16384];
    struct outgoing outgoing = {.cred = control_own_cred(), .nonblock = true};
    struct socket_address to;
    struct uio_vec vec;
    struct uio uio;
    size_t n =
        fuzz_choose(in, 8) ? fuzz_number(in, 1) : fuzz_number(in, 2) % 16384;
    int err = 0;

    if (fuzz_choose(in, 4) == 0) {
        err = read_address(in, &to);
        outgoing.to = &to;
    }
    size_t used = read_control(in, control, sizeof(control));
    if (!err && used > 0)
        err = control_read((uintptr_t)control, used, &outgoing);
    if (err) {
        rights_free(outgoing.rights);
        return;
    }
    uio_init_user(&uio, &vec, uaddr((uintptr_t)bytes), n);
    int64_t sent = transfer_send(s, &uio, &outgoing);
    FUZZ_CHECK(sent <= (int64_t)n);
}

static void
receive_one(struct fuzz_input *in, struct socket *s)
{
    static const unsigned flags[] = {0, MSG_PEEK, MSG_TRUNC, MSG_WAITALL};
    struct incoming incoming = {.flags = flags[fuzz_choose(in, 4)],
                                .nonblock = true};
    size_t n = fuzz_number(in, 1), room = fuzz_choose(in, 100), used = room;
    uint8_t *bytes = malloc(n + (n == 0)),
            *control = malloc(room + (room == 0));
    struct uio_vec vec;
    struct uio uio;

    uio_init_user(&uio, &vec, uaddr((uintptr_t)bytes), n);
    int64_t got = transfer_receive(s, &uio, &incoming);
    FUZZ_CHECK(got <= (int64_t)n || (incoming.flags & MSG_TRUNC));
    if (got >= 0)
        (void)!control_write((uintptr_t)control, &used, s->passes_cred,
                             fuzz_choose(in, 2), &incoming);
    FUZZ_CHECK(used <= room);
    transfer_end(&incoming);
    free(bytes);
    free(control);
}

static void
set(struct fuzz_input *in, struct socket *s)
{
    struct file *file =
        fdtable_get(fuzz_process.fdtable, (int)fuzz_choose(in, FDS));

    switch (fuzz_choose(in, 5)) {
    case 0:
        socket_shutdown(s, 1 + fuzz_choose(in, 3));
        break;
    case 1:
        s->passes_cred = fuzz_choose(in, 2);
        break;
    case 2:
        s->send_limit = SOCKET_BUFFER_MIN + fuzz_number(in, 2);
        break;
    case 3:
        FUZZ_CHECK(socket_take_error(s) <= 0xfff &&
                   transfer_count(s) < 1u << 30);
        break;
    case 4:
        if (file)
            (void)file->ops->poll(file, NULL);
    }
}

static void
step(struct fuzz_input *in)
{
    unsigned how = fuzz_choose(in, 12);
    struct socket *s = how >= 3 ? read_socket(in) : NULL;

    if (how < 2) {
        make(in);
    } else if (how == 2) {
        (void)!fdtable_close(fuzz_process.fdtable, (int)fuzz_choose(in, FDS));
    } else if (s && how < 6) {
        name_or_connect(in, s);
    } else if (s && how < 9) {
        send_one(in, s);
    } else if (s && how < 11) {
        receive_one(in, s);
    } else if (s) {
        set(in, s);
    }
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct shim_node disk[] = {{1, "", S_IFDIR | 0755, NULL, 0},
                                            {1, "file", S_IFREG | 0644, "", 0}};
    static struct super super;

    (void)argc;
    (void)argv;
    host_kernel_quiet = true;
    shim_sleep = end_sleep;
    inode_init_cache();
    dentry_init_cache(16);
    file_init_cache();
    shim_super_init(&super, disk, ARRAY_LEN(disk));
    FUZZ_CHECK(mount_add(NULL, &super) == 0);
    fuzz_process.fs = fs_context_create(mount_get_root());
    FUZZ_CHECK(fuzz_process.fs);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    who.uid.real = who.uid.effective = fuzz_choose(&in, 2) ? 7 : 0;
    fuzz_process.fdtable = fdtable_create();
    FUZZ_CHECK(fuzz_process.fdtable);
    fdtable_set_limit(fuzz_process.fdtable, FDS);
    for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++)
        step(&in);
    fdtable_put(fuzz_process.fdtable);
    FUZZ_CHECK(list_is_empty(&socket_all));
    return 0;
}
