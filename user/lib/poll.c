#include <poll.h>
#include <errno.h>
#include <riscv.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
    struct timespec span = {timeout / 1000, timeout % 1000 * 1000000l};

    return (int)errno_result(riscv_syscall6(SYS_ppoll, (long)fds, (long)count,
                                            timeout < 0 ? 0 : (long)&span, 0, 0,
                                            0));
}
