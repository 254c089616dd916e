#include <termios.h>
#include <errno.h>
#include <riscv.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

int
ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    long argument;

    va_start(args, request);
    argument = va_arg(args, long);
    va_end(args);
    return (int)errno_result(
        riscv_syscall3(SYS_ioctl, fd, (long)request, argument));
}

int
tcgetattr(int fd, struct termios *to)
{
    return ioctl(fd, TCGETS, to);
}

int
tcsetattr(int fd, int when, const struct termios *settings)
{
    if (when < TCSANOW || when > TCSAFLUSH)
        return errno_fail(EINVAL);
    return ioctl(fd, TCSETS + (unsigned long)when, settings);
}

void
cfmakeraw(struct termios *settings)
{
    settings->c_iflag &=
        ~(uint32_t)(BRKINT | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~(uint32_t)OPOST;
    settings->c_lflag &= ~(uint32_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag |= CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}
