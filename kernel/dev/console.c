#include "dev/console.h"
#include "abi/errno.h"
#include "dev/tty.h"
#include "dev/uart.h"
#include "lib/print.h"

/* constant after init */
static struct tty *console;

static void
rx_ready(void *tty)
{
    tty_input_ready(tty);
}

static void
tx_ready(void *tty)
{
    tty_output_ready(tty);
}

static const struct tty_port uart_port = {
    .write = uart_write,
    .room = uart_write_room,
    .is_drained = uart_is_drained,
    .read = uart_read,
};

/* Without a UART: the firmware's console, which takes everything at once. */

static size_t
print_write(const char *text, size_t len)
{
    print_raw(text, len);
    return len;
}

static size_t
print_room(void)
{
    return SIZE_MAX;
}

static bool
print_is_drained(void)
{
    return true;
}

static size_t
print_read(char *buf, size_t max)
{
    (void)buf;
    (void)max;
    return 0;
}

static const struct tty_port print_port = {
    .write = print_write,
    .room = print_room,
    .is_drained = print_is_drained,
    .read = print_read,
};

int
console_init(void)
{
    static struct uart_client client = {
        .rx_ready = rx_ready,
        .tx_ready = tx_ready,
    };
    bool has_uart = uart_is_present();
    console = tty_create(has_uart ? &uart_port : &print_port);
    if (!console)
        return -ENOMEM;
    client.arg = console;
    return has_uart ? uart_start(&client) : 0;
}

struct tty *
console_tty(void)
{
    return console;
}
