#include "dev/uart.h"
#include "abi/stat.h"
#include "arch/mmio.h"
#include "arch/sbi.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "dev/tty.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "sync/spinlock.h"

/* Registers, with the divisor latch closed [ns16550 §8.0]. */
#define RBR  0u /* received byte, when read */
#define THR  0u /* byte to send, when written */
#define IER  1u
#define IIR  2u /* when read */
#define FCR  2u /* when written */
#define MCR  4u
#define LSR  5u
#define REGS 8u

#define IER_RX     (1u << 0) /* received data available, or FIFO time-out */
#define IER_TX     (1u << 1) /* transmitter holding register empty */
#define IIR_FIFO   (3u << 6) /* FIFOs are there and on */
#define FCR_ENABLE (1u << 0)
#define FCR_RX_8   (2u << 6) /* interrupt at 8 bytes, or when no more come */
#define MCR_DTR    (1u << 0)
#define MCR_RTS    (1u << 1)
#define MCR_OUT2   (1u << 3) /* gates the interrupt on some boards */
#define LSR_DR     (1u << 0) /* there is a received byte */
#define LSR_THRE   (1u << 5) /* the transmit FIFO is empty */

#define FIFO_SIZE 16u
#define TX_SIZE   4096u /* a power of two */

static struct {
    struct spinlock lock;

    /* constant after init */
    volatile uint8_t *regs; /* NULL: there is no port */
    unsigned reg_shift, io_width;
    unsigned fifo; /* bytes the transmitter takes when it is empty */

    /* constant after start */
    struct tty *tty;

    /* guarded by lock */
    uint8_t ier;
    unsigned tx_free; /* bytes the transmitter still takes unasked */
    bool mid_line;    /* the last byte of port_write's to be sent was no
                       * newline, and uart_put has not ended the line */
    unsigned tx_head, tx_tail; /* free-running; bytes lie from head to tail */
} uart = {.lock = SPINLOCK_INIT("uart", RANK_UART)};

/* guarded by uart.lock */
static char tx_ring[TX_SIZE];

static uint8_t
reg_read(unsigned reg)
{
    volatile uint8_t *at = uart.regs + ((size_t)reg << uart.reg_shift);
    return uart.io_width == 4 ? (uint8_t)mmio_read32(at) : mmio_read8(at);
}

static void
reg_write(unsigned reg, uint8_t value)
{
    volatile uint8_t *at = uart.regs + ((size_t)reg << uart.reg_shift);
    if (uart.io_width == 4)
        mmio_write32(at, value);
    else
        mmio_write8(at, value);
}

static void
set_ier(uint8_t ier) REQUIRES(uart.lock)
{
    if (ier != uart.ier) {
        uart.ier = ier;
        reg_write(IER, ier);
    }
}

/* Whether the transmitter takes a byte now. */
static bool
tx_can_send(void) REQUIRES(uart.lock)
{
    if (uart.tx_free == 0 && (reg_read(LSR) & LSR_THRE))
        uart.tx_free = uart.fifo;
    return uart.tx_free > 0;
}

/* Sends c, once the transmitter takes it. */
static void
tx_send(char c) REQUIRES(uart.lock)
{
    while (!tx_can_send())
        cpu_relax();
    uart.tx_free--;
    reg_write(THR, (uint8_t)c);
}

static void
tx_send_queued(void) REQUIRES(uart.lock)
{
    char c = tx_ring[uart.tx_head++ % TX_SIZE];
    tx_send(c);
    uart.mid_line = c != '\n';
}

/* Moves bytes from the ring to the transmitter while it takes them; the
 * interrupt that says when it does again is on as long as there are more. */
static void
tx_pump(void) REQUIRES(uart.lock)
{
    while (uart.tx_head != uart.tx_tail && tx_can_send())
        tx_send_queued();
    bool more = uart.tx_head != uart.tx_tail;
    set_ier(more ? uart.ier | IER_TX : uart.ier & (uint8_t)~IER_TX);
}

void
uart_put(const char *text, size_t len) NO_LOCK_CHECK
{
    /* In a panic the lock's holder may never let go. */
    bool locked = !READ_ONCE(print_hooks.panicking);
    if (locked)
        spin_lock(&uart.lock);
    /* The interrupt stays on: it tells the terminal that there is room. */
    while (uart.tx_head != uart.tx_tail)
        tx_send_queued();
    if (uart.mid_line) {
        tx_send('\r');
        tx_send('\n');
        uart.mid_line = false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            tx_send('\r');
        tx_send(text[i]);
    }
    if (locked)
        spin_unlock(&uart.lock);
}

/* ---- The port under the terminal ---- */

static size_t
port_write(void *port UNUSED, const char *text, size_t len)
{
    spin_guard(&uart.lock);
    size_t n = MIN(len, (size_t)(TX_SIZE - (uart.tx_tail - uart.tx_head)));
    size_t at = uart.tx_tail % TX_SIZE;
    size_t first = MIN(n, TX_SIZE - at);
    memcpy(tx_ring + at, text, first);
    memcpy(tx_ring, text + first, n - first);
    uart.tx_tail += (unsigned)n;
    tx_pump();
    return n;
}

static size_t
port_room(void *port UNUSED)
{
    spin_guard(&uart.lock);
    return TX_SIZE - (uart.tx_tail - uart.tx_head);
}

static size_t
port_queued(void *port)
{
    return TX_SIZE - port_room(port);
}

static void
port_discard(void *port UNUSED)
{
    spin_guard(&uart.lock);
    uart.tx_head = uart.tx_tail;
}

static size_t
port_read(void *port UNUSED, char *buf, size_t max)
{
    size_t n = 0;
    spin_guard(&uart.lock);
    for (; n < max && (reg_read(LSR) & LSR_DR); n++)
        buf[n] = (char)reg_read(RBR);
    if (n < max)
        set_ier(uart.ier | IER_RX);
    return n;
}

static void
handle_irq(void *arg UNUSED)
{
    spin_lock(&uart.lock);
    /* Reading IIR acknowledges "transmitter empty"; the conditions themselves
     * are looked up in LSR [ns16550 §8.6]. */
    (void)reg_read(IIR);
    /* Off before the terminal takes what it has room for, so that a byte that
     * comes after the last look counts: port_read turns it on again where it
     * finds the FIFO empty. What stays there makes the sender wait, and is no
     * reason to interrupt. */
    if (reg_read(LSR) & LSR_DR)
        set_ier(uart.ier & (uint8_t)~IER_RX);
    bool was_sending = uart.ier & IER_TX;
    tx_pump();
    bool has_room = uart.tx_tail - uart.tx_head <= TX_SIZE / 2;
    spin_unlock(&uart.lock);

    if (was_sending && has_room)
        tty_output_ready(uart.tty);
    else
        tty_input_ready(uart.tty);
}

/* ---- The firmware's console, where there is no port that we know ---- */

/* The ring stays empty, so all else but reading is as above. */
static size_t
firmware_write(void *port UNUSED, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != '\r') /* it puts one before each newline itself */
            sbi_console_write(&text[i], 1);
    return len;
}

static size_t
firmware_read(void *port UNUSED, char *buf UNUSED, size_t max UNUSED)
{
    return 0; /* nothing interrupts when there is input */
}

/* ---- Starting ---- */

int
uart_init(void)
{
    const struct platform_uart *facts = &platform_get()->uart;
    const struct fdt_range *regs = &facts->device.regs;
    if (!facts->device.present)
        return -ENODEV;
    uart.reg_shift = facts->reg_shift;
    uart.io_width = facts->io_width;
    uart.regs = kmap_device(regs->base, (size_t)REGS << facts->reg_shift);
    if (!uart.regs)
        return -ENOMEM;

    reg_write(IER, 0);
    reg_write(FCR, FCR_ENABLE | FCR_RX_8);
    uart.fifo = (reg_read(IIR) & IIR_FIFO) == IIR_FIFO ? FIFO_SIZE : 1;
    reg_write(MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    print_boot("uart", "ns16550a at %#lx, FIFO of %u", regs->base, uart.fifo);
    return 0;
}

int
uart_start(void)
{
    static const struct tty_port port = {.write = port_write,
                                         .room = port_room,
                                         .queued = port_queued,
                                         .discard = port_discard,
                                         .read = port_read};
    static const struct tty_port firmware = {.write = firmware_write,
                                             .room = port_room,
                                             .queued = port_queued,
                                             .discard = port_discard,
                                             .read = firmware_read};
    static struct irq_handler handler = {.name = "uart", .handle = handle_irq};
    if (uart.regs == NULL)
        return tty_create(&firmware, NULL, MAKEDEV(5, 1), &uart.tty) ?: -ENODEV;
    int err = tty_create(&port, NULL, MAKEDEV(5, 1), &uart.tty);
    err = err ?: irq_register(platform_get()->uart.device.irq, &handler);
    if (err == 0) /* takes what has come, and so turns the interrupt on */
        tty_input_ready(uart.tty);
    return err;
}
