#include "dev/console.h"
#include "abi/errno.h"
#include "dev/tty.h"
#include "dev/uart.h"

/* constant after init */
static struct tty *console;

int
console_init(void)
{
    static const struct tty_port port = {
        .write = uart_write,
        .room = uart_write_room,
        .is_drained = uart_is_drained,
        .read = uart_read,
    };
    if (!uart_is_present())
        return -ENODEV;
    console = tty_create(&port);
    return console ? uart_start(console) : -ENOMEM;
}

struct tty *
console_tty(void)
{
    return console;
}
