/* Every system call, with good arguments and with bad ones.
 *
 * A case is one call that must fail in a certain way, or a short function of
 * checks. All work in one folder, with the files and descriptors named here.
 * tests/tools/test_docs.py sees to it that no call is left out: each name is
 * in a bad() or never_fails(), and in a call(). */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <tap.h>
#include <unistd.h>

/* ---- What the cases find; usertests_prepare makes it ---- */

/* In the working directory: a regular file of ten digits, an empty directory,
 * one that has a file "inside", symbolic links to the file, to nowhere and to
 * itself, and a named pipe. */
#define FILE_NAME "file"
#define DIR_NAME  "dir"
#define FULL_NAME "full"
#define LINK_NAME "link"
#define LOST_NAME "lost"
#define LOOP_NAME "loop"
#define FIFO_NAME "fifo"
#define NO_NAME   "none"

/* Descriptors. The file is open three times. */
enum {
    FD_FILE = 20,
    FD_READ,
    FD_WRITE,
    FD_DIR,
    FD_PIPE_R,
    FD_PIPE_W,
    FD_NULL,
    FD_PATH, /* by O_PATH */
    FD_NONE = 99,
    FD_HUGE = 1 << 30,
};

extern char long_name[]; /* 256 bytes, one too many */
extern char long_path[]; /* 4096 bytes, one too many */
extern char buffer[8192];
extern uint64_t too_many_ns[2]; /* a time that is none */

/* Addresses that a call must not use: of no page, of the kernel's half, of no
 * half, and of a page that is only to be read. */
#define NO_PAGE     ((void *)8)
#define KERNEL_PAGE ((void *)0xffffffc000200000)
#define NO_HALF     ((void *)0x0000800000000000)
extern void *const read_only;

/* ---- Cases ---- */

/* call(name, arguments): makes a call; result as the C library gives it. */
#define call(name, ...) call_(SYS_##name, ##__VA_ARGS__)
#define call_(...)                                                      \
    COUNT_(__VA_ARGS__, CALL6_, CALL5_, CALL4_, CALL3_, CALL2_, CALL1_, \
           CALL0_)                                                      \
    (__VA_ARGS__)
#define COUNT_(n, a, b, c, d, e, f, which, ...) which
#define CALL0_(n)                               syscall(n, 0l, 0l, 0l, 0l, 0l, 0l)
#define CALL1_(n, a)                            syscall(n, (long)(a), 0l, 0l, 0l, 0l, 0l)
#define CALL2_(n, a, b)                         syscall(n, (long)(a), (long)(b), 0l, 0l, 0l, 0l)
#define CALL3_(n, a, b, c) \
    syscall(n, (long)(a), (long)(b), (long)(c), 0l, 0l, 0l)
#define CALL4_(n, a, b, c, d) \
    syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0l, 0l)
#define CALL5_(n, a, b, c, d, e) \
    syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0l)
#define CALL6_(n, a, b, c, d, e, f) \
    syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* A case: the call must fail with the error. */
#define bad(error, name, ...)                             \
    do {                                                  \
        errno = 0;                                        \
        case_fails(#name "(" #__VA_ARGS__ ") is " #error, \
                   call(name, ##__VA_ARGS__), error);     \
    } while (0)

/* A case: the call succeeds whatever its arguments are. */
#define never_fails(name)               \
    case_succeeds(#name " never fails", \
                  call(name, -1, NO_PAGE, KERNEL_PAGE, -1, NO_PAGE, -1))

/* A case: a function of checks. */
#define good(function) case_run(#function, function)

void case_fails(const char *name, long result, int error);
void case_succeeds(const char *name, long result);
void case_run(const char *name, void (*run)(void));

/* Forks a child that runs body, whose checks count here; fails if it does not
 * end by exiting. */
void in_child(void (*body)(void));

/* ---- The families ---- */

void usertests_prepare(void);
void bad_descriptors(void);
void bad_transfers(void);
void bad_paths(void);
void bad_changes(void);
void bad_machine(void);
void bad_memory(void);
void bad_processes(void);
void bad_signals(void);
void bad_times(void);
void bad_events(void);
void bad_users(void);
void bad_sockets(void);
void good_files(void);
void good_changes(void);
void good_processes(void);
void good_machine(void);
void good_events(void);
void good_users(void);
void good_sockets(void);
