#include "lib/panic.h"
#include "lib/fmt.h"
#include "lib/print.h"

static struct panic_hooks hooks;

void
panic_set_hooks(const struct panic_hooks *h)
{
    hooks = *h;
}

void
panic(const char *format, ...)
{
    static int panicked;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    /* Others that panic now only make the first one unreadable; and a panic
     * inside this function gets no second try at describing itself. */
    if (__atomic_exchange_n(&panicked, 1, __ATOMIC_ACQ_REL) == 0) {
        print_enter_panic();
        if (hooks.stop_others)
            hooks.stop_others();
        pr_err("panic: %s", text);
        if (hooks.describe)
            hooks.describe();
        if (hooks.end)
            hooks.end();
    }
    for (;;)
        ;
}
