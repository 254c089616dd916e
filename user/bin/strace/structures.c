/* What structures of calls say. The kernel gives 96 bytes of each as they are
 * when the call is over: a list of more ends in dots. */
#include "strace.h"
#include "abi/dirent.h"
#include "abi/poll.h"
#include "abi/rlimit.h"
#include "abi/signal.h"
#include "abi/socket.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "abi/uio.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/wait.h>

/* Text that grows, and is cut where its room ends. */
struct text {
    char *to;
    size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (text->len < text->size)
        text->len += (size_t)vsnprintf(text->to + text->len,
                                       text->size - text->len, format, args);
    va_end(args);
}

static void
add_flags(struct text *text, uint64_t value, const struct flag *flags)
{
    const char *between = "";
    for (; flags->name; flags++)
        if (value & flags->bit) {
            add(text, "%s%s", between, flags->name);
            value &= ~flags->bit;
            between = "|";
        }
    if (value || !*between)
        add(text, "%s%#lx", between, value);
}

static void
show_stat(struct text *text, const void *data, const struct call *call UNUSED)
{
    static const char *const types[16] = {
        [1] = "S_IFIFO", [2] = "S_IFCHR",  [4] = "S_IFDIR",   [6] = "S_IFBLK",
        [8] = "S_IFREG", [10] = "S_IFLNK", [12] = "S_IFSOCK",
    };
    const struct stat *st = data; /* up to its times */
    add(text, "{st_mode=%s|%#o, st_size=%ld, ...}",
        types[st->st_mode >> 12 & 15] ?: "?", st->st_mode & 07777, st->st_size);
}

static void
show_time(struct text *text, const void *data, const struct call *call UNUSED)
{
    const struct timespec *t = data;
    add(text, "{tv_sec=%ld, tv_nsec=%ld}", t->tv_sec, t->tv_nsec);
}

static void
show_times(struct text *text, const void *data, const struct call *call)
{
    add(text, "[");
    show_time(text, data, call);
    add(text, ", ");
    show_time(text, (const struct timespec *)data + 1, call);
    add(text, "]");
}

static void
show_set(struct text *text, const void *data, const struct call *call UNUSED)
{
    uint64_t set = *(const uint64_t *)data;
    const char *between = "";
    add(text, "[");
    for (int sig = 1; sig <= NSIG; sig++)
        if (set >> (sig - 1) & 1) {
            const char *name = signal_name(sig);
            if (name)
                add(text, "%s%s", between, name);
            else
                add(text, "%s%d", between, sig);
            between = " ";
        }
    add(text, "]");
}

static void
show_action(struct text *text, const void *data, const struct call *call)
{
    static const struct flag flags[] = {
        {SA_NOCLDSTOP, "SA_NOCLDSTOP"}, {SA_NOCLDWAIT, "SA_NOCLDWAIT"},
        {SA_SIGINFO, "SA_SIGINFO"},     {SA_ONSTACK, "SA_ONSTACK"},
        {SA_RESTART, "SA_RESTART"},     {SA_NODEFER, "SA_NODEFER"},
        {SA_RESETHAND, "SA_RESETHAND"}, {0, NULL},
    };
    const struct sigaction_abi *action = data;
    if (action->handler <= (uint64_t)SIG_IGN)
        add(text, "{sa_handler=%s", action->handler ? "SIG_IGN" : "SIG_DFL");
    else
        add(text, "{sa_handler=%#lx", action->handler);
    add(text, ", sa_mask=");
    show_set(text, &action->mask, call);
    add(text, ", sa_flags=");
    add_flags(text, action->flags, flags);
    add(text, "}");
}

static void
show_limit(struct text *text, const void *data, const struct call *call UNUSED)
{
    const uint64_t *limits = data;
    for (unsigned i = 0; i < 2; i++) {
        add(text, i ? ", rlim_max=" : "{rlim_cur=");
        if (limits[i] == RLIM_INFINITY)
            add(text, "RLIM_INFINITY");
        else
            add(text, "%lu", limits[i]);
    }
    add(text, "}");
}

static void
show_polled(struct text *text, const void *data, const struct call *call)
{
    static const struct flag flags[] = {
        {POLLIN, "POLLIN"},       {POLLPRI, "POLLPRI"},
        {POLLOUT, "POLLOUT"},     {POLLERR, "POLLERR"},
        {POLLHUP, "POLLHUP"},     {POLLNVAL, "POLLNVAL"},
        {POLLRDHUP, "POLLRDHUP"}, {0, NULL},
    };
    const struct pollfd *fds = data;
    uint64_t most = DATA_MAX / sizeof(*fds), n = call->args[1];
    add(text, "[");
    for (uint64_t i = 0; i < n && i < most; i++) {
        add(text, "%s{fd=%d, events=", i ? ", " : "", fds[i].fd);
        add_flags(text, (uint16_t)fds[i].events, flags);
        if (fds[i].revents) {
            add(text, ", revents=");
            add_flags(text, (uint16_t)fds[i].revents, flags);
        }
        add(text, "}");
    }
    add(text, n > most ? ", ...]" : "]");
}

static void
show_buffers(struct text *text, const void *data, const struct call *call)
{
    const struct iovec *iov = data;
    uint64_t most = DATA_MAX / sizeof(*iov), n = call->args[2];
    add(text, "[");
    for (uint64_t i = 0; i < n && i < most; i++)
        add(text, "%s{iov_base=%#lx, iov_len=%lu}", i ? ", " : "",
            (uint64_t)iov[i].iov_base, (uint64_t)iov[i].iov_len);
    add(text, n > most ? ", ...]" : "]");
}

static void
show_address(struct text *text, const void *data,
             const struct call *call UNUSED)
{
    const struct sockaddr_un *un = data;
    int most = (int)(DATA_MAX - sizeof(un->sun_family));
    if (un->sun_family != AF_UNIX)
        add(text, "{sa_family=%u}", un->sun_family);
    else if (un->sun_path[0])
        add(text, "{sa_family=AF_UNIX, sun_path=\"%.*s\"}", most, un->sun_path);
    else if (un->sun_path[1])
        add(text, "{sa_family=AF_UNIX, sun_path=@\"%.*s\"}", most - 1,
            un->sun_path + 1);
    else
        add(text, "{sa_family=AF_UNIX}");
}

static void
show_two(struct text *text, const void *data, const struct call *call UNUSED)
{
    const int32_t *fds = data;
    add(text, "[%d, %d]", fds[0], fds[1]);
}

static void
show_status(struct text *text, const void *data, const struct call *call UNUSED)
{
    int status = *(const int32_t *)data;
    if (WIFEXITED(status))
        add(text, "[exited with %d]", WEXITSTATUS(status));
    else if (WIFSTOPPED(status))
        add(text, "[stopped by SIG%s]", signal_name(WSTOPSIG(status)) ?: "?");
    else if (WIFSIGNALED(status))
        add(text, "[killed by SIG%s]", signal_name(WTERMSIG(status)) ?: "?");
    else
        add(text, "[continued]");
}

/* Names up to the first that is cut; the result says how many bytes there
 * are in all. */
static void
show_names(struct text *text, const void *data, const struct call *call)
{
    const size_t head = offsetof(struct linux_dirent64, d_name);
    size_t end = (size_t)call->result, at = 0;
    add(text, "[");
    while (at < end && at + head < DATA_MAX) {
        const struct linux_dirent64 *entry =
            (const void *)((const char *)data + at);
        if (at + entry->d_reclen > DATA_MAX || entry->d_reclen <= head)
            break;
        add(text, "%s\"%s\"", at ? ", " : "", entry->d_name);
        at += entry->d_reclen;
    }
    add(text, at < end ? ", ...]" : "]");
}

static void
show_terminal(struct text *text, const struct termios *t)
{
    static const struct flag flags[] = {
        {ISIG, "ISIG"},     {ICANON, "ICANON"}, {ECHO, "ECHO"},
        {ECHOE, "ECHOE"},   {ECHOK, "ECHOK"},   {ECHOCTL, "ECHOCTL"},
        {ECHOKE, "ECHOKE"}, {IEXTEN, "IEXTEN"}, {NOFLSH, "NOFLSH"},
        {TOSTOP, "TOSTOP"}, {0, NULL},
    };
    add(text, "{c_iflag=%#x, c_oflag=%#x, c_cflag=%#x, c_lflag=", t->c_iflag,
        t->c_oflag, t->c_cflag);
    add_flags(text, t->c_lflag, flags);
    add(text, "}");
}

static void
show_control(struct text *text, const void *data, const struct call *call)
{
    const struct winsize *size = data;
    switch (call->args[1]) {
    case TCGETS:
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        show_terminal(text, data);
        break;
    case TIOCGWINSZ:
    case TIOCSWINSZ:
        add(text, "{ws_row=%u, ws_col=%u}", size->ws_row, size->ws_col);
        break;
    case TIOCGPGRP:
    case TIOCSPGRP:
    case TIOCGSID:
    case TIOCOUTQ:
    case TIOCGPTN:
    case TIOCSPTLCK:
    case TIOCGPTLCK:
    case FIONREAD:
        add(text, "[%d]", *(const int32_t *)data);
        break;
    default: /* a number, or unknown */
        add(text, "%#lx", call->args[2]);
    }
}

const char *
control_name(uint64_t request)
{
    static const struct {
        uint64_t request;
        const char *name;
    } names[] = {
#define NAME(request) {request, #request}
        NAME(TCGETS),     NAME(TCSETS),     NAME(TCSETSW),    NAME(TCSETSF),
        NAME(TCSBRK),     NAME(TCXONC),     NAME(TCFLSH),     NAME(TIOCSCTTY),
        NAME(TIOCGPGRP),  NAME(TIOCSPGRP),  NAME(TIOCOUTQ),   NAME(TIOCGWINSZ),
        NAME(TIOCSWINSZ), NAME(FIONREAD),   NAME(TIOCNOTTY),  NAME(TIOCGSID),
        NAME(TIOCGPTN),   NAME(TIOCSPTLCK), NAME(TIOCGPTLCK),
#undef NAME
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].request == request)
            return names[i].name;
    return NULL;
}

enum direction { GIVEN, ANSWERED };

static const struct {
    const char *call;
    unsigned arg;
    enum direction direction;
    void (*show)(struct text *, const void *, const struct call *);
} structures[] = {
    {"fstat", 1, ANSWERED, show_stat},
    {"newfstatat", 2, ANSWERED, show_stat},
    {"nanosleep", 0, GIVEN, show_time},
    {"clock_nanosleep", 2, GIVEN, show_time},
    {"clock_gettime", 1, ANSWERED, show_time},
    {"clock_getres", 1, ANSWERED, show_time},
    {"utimensat", 2, GIVEN, show_times},
    {"rt_sigaction", 1, GIVEN, show_action},
    {"rt_sigaction", 2, ANSWERED, show_action},
    {"rt_sigprocmask", 1, GIVEN, show_set},
    {"rt_sigprocmask", 2, ANSWERED, show_set},
    {"rt_sigsuspend", 0, GIVEN, show_set},
    {"rt_sigpending", 0, ANSWERED, show_set},
    {"rt_sigtimedwait", 0, GIVEN, show_set},
    {"rt_sigtimedwait", 2, GIVEN, show_time},
    {"getrlimit", 1, ANSWERED, show_limit},
    {"setrlimit", 1, GIVEN, show_limit},
    {"prlimit64", 2, GIVEN, show_limit},
    {"prlimit64", 3, ANSWERED, show_limit},
    {"ppoll", 0, GIVEN, show_polled},
    {"ppoll", 2, GIVEN, show_time},
    {"readv", 1, GIVEN, show_buffers},
    {"writev", 1, GIVEN, show_buffers},
    {"preadv", 1, GIVEN, show_buffers},
    {"pwritev", 1, GIVEN, show_buffers},
    {"bind", 1, GIVEN, show_address},
    {"connect", 1, GIVEN, show_address},
    {"accept", 1, ANSWERED, show_address},
    {"accept4", 1, ANSWERED, show_address},
    {"getsockname", 1, ANSWERED, show_address},
    {"getpeername", 1, ANSWERED, show_address},
    {"socketpair", 3, ANSWERED, show_two},
    {"pipe2", 0, ANSWERED, show_two},
    {"wait4", 1, ANSWERED, show_status},
    {"getdents64", 1, ANSWERED, show_names},
    {"ioctl", 2, GIVEN, show_control},
};

bool
structure_format(const struct call *call, unsigned arg, char *to, size_t size)
{
    const char *name = call_name(call->number);
    struct text text = {to, size, 0};
    bool failed = call->result < 0, waits = name && strcmp(name, "wait4") == 0;
    if (!(call->has_data >> arg & 1) || call->args[arg] == 0 || !call->is_over)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(structures); i++) {
        if (structures[i].arg != arg || strcmp(structures[i].call, name) != 0)
            continue;
        if (structures[i].direction == ANSWERED &&
            (failed || (waits && call->result == 0)))
            return false;
        if (call->result == -EFAULT)
            return false;
        structures[i].show(&text, call->data[arg], call);
        return true;
    }
    return false;
}
