#include "dev/irq.h"
#include "abi/errno.h"
#include "arch/cpu.h"
#include "dev/plic.h"
#include "lib/print.h"
#include "sync/spinlock.h"

static struct spinlock lock = SPINLOCK_INIT("irq", RANK_IRQ);

/* atomic: an entry is set once and stays for ever, so dispatching needs no
 * lock */
static struct irq_handler *handlers[IRQ_MAX];

/* guarded by lock */
static unsigned next_cpu;

static struct irq_handler *
handler_of(unsigned irq)
{
    return irq < IRQ_MAX ? __atomic_load_n(&handlers[irq], __ATOMIC_ACQUIRE)
                         : NULL;
}

/* Enables irq on the next running hart that its controller can reach. */
static int
enable_somewhere(unsigned irq) REQUIRES(lock)
{
    int err = -ENODEV;
    for (unsigned tries = cpu_count(); tries > 0 && err == -ENODEV; tries--) {
        unsigned cpu = next_cpu++ % cpu_count();
        if (cpu_get(cpu)->online)
            err = plic_enable(irq, cpu);
    }
    return err;
}

int
irq_register(unsigned irq, struct irq_handler *handler)
{
    if (irq == 0 || irq >= IRQ_MAX)
        return -EINVAL;

    spin_lock(&lock);
    int err = -EBUSY;
    if (!handlers[irq]) {
        /* Published first: the interrupt may be pending already. */
        __atomic_store_n(&handlers[irq], handler, __ATOMIC_RELEASE);
        err = enable_somewhere(irq);
        if (err)
            __atomic_store_n(&handlers[irq], NULL, __ATOMIC_RELEASE);
    }
    spin_unlock(&lock);
    return err;
}

void
irq_dispatch(void)
{
    unsigned cpu = this_cpu()->index;
    unsigned irq;
    /* Finding none is legal, if rare: a notification is only a hint, and what
     * it was for may be gone by now [plic §1.3]. */
    while ((irq = plic_claim()) != 0) {
        struct irq_handler *handler = handler_of(irq);
        if (handler) {
            WRITE_ONCE(handler->counts[cpu], handler->counts[cpu] + 1);
            handler->handle(handler->arg);
        } else { /* it would come back at once, for ever */
            spin_lock(&lock);
            plic_disable(irq);
            spin_unlock(&lock);
            pr_warn("interrupt %u has no handler, masked", irq);
        }
        plic_complete(irq);
    }
}

uint64_t
irq_count(unsigned irq, unsigned cpu)
{
    const struct irq_handler *handler = handler_of(irq);
    return handler && cpu < CPU_MAX ? READ_ONCE(handler->counts[cpu]) : 0;
}

const char *
irq_name(unsigned irq)
{
    const struct irq_handler *handler = handler_of(irq);
    return handler ? handler->name : NULL;
}
