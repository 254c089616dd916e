#include "strace.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/mman.h>

static const struct {
    const char *name, *args;
} calls[] = {
#define SYSCALL(number, call, arguments) [number] = {#call, arguments},
#include "abi/syscalls.def"
#undef SYSCALL
};

#define ARG_MAX_SHOWN 1024

static const char *const errors[] = {
#define E(name) [name] = #name
    E(EPERM),        E(ENOENT), E(ESRCH),   E(EINTR),     E(EIO),
    E(ENXIO),        E(E2BIG),  E(ENOEXEC), E(EBADF),     E(ECHILD),
    E(EAGAIN),       E(ENOMEM), E(EACCES),  E(EFAULT),    E(ENOTBLK),
    E(EBUSY),        E(EEXIST), E(EXDEV),   E(ENODEV),    E(ENOTDIR),
    E(EISDIR),       E(EINVAL), E(ENFILE),  E(EMFILE),    E(ENOTTY),
    E(ETXTBSY),      E(EFBIG),  E(ENOSPC),  E(ESPIPE),    E(EROFS),
    E(EMLINK),       E(EPIPE),  E(EDOM),    E(ERANGE),    E(EDEADLK),
    E(ENAMETOOLONG), E(ENOSYS), E(ELOOP),   E(ENOTEMPTY), E(ETIMEDOUT),
    E(EOPNOTSUPP),
#undef E
};

static const struct flag open_flags[] = {
    {O_CREAT, "O_CREAT"},       {O_EXCL, "O_EXCL"},
    {O_TRUNC, "O_TRUNC"},       {O_APPEND, "O_APPEND"},
    {O_NONBLOCK, "O_NONBLOCK"}, {O_DIRECTORY, "O_DIRECTORY"},
    {O_CLOEXEC, "O_CLOEXEC"},   {0, NULL},
};
static const struct flag protections[] = {
    {PROT_READ, "PROT_READ"},
    {PROT_WRITE, "PROT_WRITE"},
    {PROT_EXEC, "PROT_EXEC"},
    {0, NULL},
};
static const struct flag map_flags[] = {
    {MAP_SHARED, "MAP_SHARED"},
    {MAP_PRIVATE, "MAP_PRIVATE"},
    {MAP_FIXED, "MAP_FIXED"},
    {MAP_ANONYMOUS, "MAP_ANONYMOUS"},
    {0, NULL},
};

/* Flags that an argument of a call has; `first` is what 0 is called. */
static const struct {
    const char *call;
    unsigned arg;
    const struct flag *flags;
    const char *first;
} flagged[] = {
    {"openat", 2, open_flags, "O_RDONLY"},
    {"mmap", 2, protections, "PROT_NONE"},
    {"mmap", 3, map_flags, "0"},
    {"mprotect", 2, protections, "PROT_NONE"},
    {"pipe2", 1, open_flags, "0"},
};

const char *
call_name(uint64_t number)
{
    return number < ARRAY_LEN(calls) ? calls[number].name : NULL;
}

long
call_number(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (calls[i].name && strcmp(calls[i].name, name) == 0)
            return (long)i;
    return -1;
}

/* ---- Arguments ---- */

static void
format_flags(uint64_t value, const struct flag *flags, const char *first,
             char *to, size_t size)
{
    size_t len = 0;
    if (flags == open_flags && (value & O_ACCMODE) != 0) {
        bool both = (value & O_ACCMODE) == O_RDWR;
        len = strlcpy(to, both ? "O_RDWR" : "O_WRONLY", size);
        value &= ~(uint64_t)O_ACCMODE;
    } else if (flags == open_flags || value == 0) {
        len = strlcpy(to, first, size);
    }
    for (; flags->name; flags++)
        if (value & flags->bit && len < size) {
            len += (size_t)snprintf(to + len, size - len, "%s%s",
                                    len ? "|" : "", flags->name);
            value &= ~flags->bit;
        }
    if (value && len < size)
        snprintf(to + len, size - len, "%s%#lx", len ? "|" : "", value);
}

/* In quotes, with escapes; dots behind what was cut. */
static void
format_text(const char *text, bool more, char *to, size_t size)
{
    size_t len = 0;
    to[len++] = '"';
    for (; *text && len + 8 < size; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '\n' || c == '\t' || c == '"' || c == '\\') {
            to[len++] = '\\';
            to[len++] = c == '\n' ? 'n' : c == '\t' ? 't' : *text;
        } else if (isprint(c) || c >= 0x80) {
            to[len++] = *text;
        } else {
            len += (size_t)snprintf(to + len, size - len, "\\x%02x", c);
        }
    }
    snprintf(to + len, size - len, "\"%s", more || *text ? "..." : "");
}

static void
format_number(char kind, uint64_t value, char *to, size_t size)
{
    const char *name = kind == 'S' ? signal_name((int)value) : NULL;
    if (name)
        snprintf(to, size, "SIG%s", name);
    else if (kind == 'd' && (int)value == AT_FDCWD)
        snprintf(to, size, "AT_FDCWD");
    else if (kind == 'd' || kind == 'P' || kind == 'S')
        snprintf(to, size, "%d", (int)value);
    else if (kind == 'i')
        snprintf(to, size, "%ld", (long)value);
    else if (kind == 'u' || kind == 'z')
        snprintf(to, size, "%lu", value);
    else if (kind == 'o')
        snprintf(to, size, "%#lo", value & 07777777);
    else if (value == 0 && strchr("pmvs", kind))
        snprintf(to, size, "NULL");
    else
        snprintf(to, size, "%#lx", value);
}

/* What execve gives a program. */
static void
format_vector(const struct call *call, char *to, size_t size)
{
    size_t len = strlcpy(to, "[", size);
    for (unsigned i = 0; i < call->argc && len + 8 < size; i++) {
        len += strlcpy(to + len, i ? ", " : "", size - len);
        format_text(call->argv[i], false, to + len, size - len);
        len = strlen(to);
    }
    strlcpy(to + len, call->argc == ARGV_MAX ? ", ...]" : "]", size - len);
}

static void
format_arg(const struct call *call, unsigned i, char kind, char *to,
           size_t size)
{
    const char *name = call_name(call->number);
    uint64_t value = call->args[i];
    if (call->has_text >> i & 1) {
        bool is_write = strcmp(name, "write") == 0;
        size_t shown = strlen(call->texts[i]);
        bool more = is_write ? shown < call->args[2] : shown >= TEXT_MAX - 1;
        format_text(call->texts[i], more, to, size);
        return;
    }
    for (size_t k = 0; k < ARRAY_LEN(flagged); k++)
        if (flagged[k].arg == i && strcmp(flagged[k].call, name) == 0) {
            format_flags(value, flagged[k].flags, flagged[k].first, to, size);
            return;
        }
    if (i == 1 && strcmp(name, "ioctl") == 0 && control_name(value)) {
        strlcpy(to, control_name(value), size);
        return;
    }
    if (kind == 'm' && structure_format(call, i, to, size))
        return;
    if (i == 1 && call->argc > 0)
        format_vector(call, to, size);
    else
        format_number(kind, value, to, size);
}

void
call_format(const struct call *call, char *to, size_t size)
{
    const char *name = call_name(call->number);
    if (!name) {
        snprintf(to, size, "syscall_%lu()", call->number);
        return;
    }
    const char *kinds = calls[call->number].args;
    size_t len = (size_t)snprintf(to, size, "%s(", name);
    for (unsigned i = 0; kinds[i] && i < 6; i++) {
        char arg[ARG_MAX_SHOWN];
        format_arg(call, i, kinds[i], arg, sizeof(arg));
        len +=
            (size_t)snprintf(to + len, size - len, "%s%s", i ? ", " : "", arg);
        if (len >= size)
            return;
    }
    snprintf(to + len, size - len, ")");
}

void
result_format(uint64_t number, int64_t result, char *to, size_t size)
{
    const char *name = call_name(number);
    bool address =
        name && (strcmp(name, "mmap") == 0 || strcmp(name, "brk") == 0 ||
                 strcmp(name, "mremap") == 0);
    if (result < 0 && result > -4096) {
        size_t error = (size_t)-result;
        const char *known = error < ARRAY_LEN(errors) ? errors[error] : NULL;
        if (known)
            snprintf(to, size, " = -1 %s (%s)", known, strerror((int)error));
        else
            snprintf(to, size, " = -1 errno %zu (%s)", error,
                     strerror((int)error));
    } else if (address) {
        snprintf(to, size, " = %#lx", (uint64_t)result);
    } else {
        snprintf(to, size, " = %ld", (long)result);
    }
}
