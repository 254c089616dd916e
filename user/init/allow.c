#include "allow.h"
#include "abi/seccomp.h"
#include "syscalls.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

/* Each call allowed takes two instructions; first are two, last is one. */
#define PER_CALL 2
#define AROUND   3

/* A program as the kernel takes it. */
struct sock_fprog {
    uint16_t len;
    struct sock_filter *filter;
};

static struct sock_filter
statement(unsigned code, uint32_t k)
{
    return (struct sock_filter){.code = (uint16_t)code, .k = k};
}

/* Lets the call pass if it is this one: else the next instruction is skipped.
 */
static struct sock_filter *
put_call(struct sock_filter *to, int number)
{
    *to = statement(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number);
    to->jf = 1;
    to[1] = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return to + PER_CALL;
}

int
allow_only(const struct config_list *names)
{
    static const int always[] = {SYS_execve, SYS_exit, SYS_exit_group,
                                 SYS_rt_sigreturn};
    size_t more = sizeof(always) / sizeof(*always);
    size_t most = AROUND + PER_CALL * (names->count + more);
    struct sock_filter *code = calloc(most, sizeof(*code)), *to = code;

    if (!code)
        return -1;
    *to++ =
        statement(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < more; i++)
        to = put_call(to, always[i]);
    for (size_t i = 0; i < names->count; i++)
        to = put_call(to, syscall_find(names->items[i]));
    *to++ = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog program = {(uint16_t)(to - code), code};
    /* There is nothing to free: the program to come has its own memory. */
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
