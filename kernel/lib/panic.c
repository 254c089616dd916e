#include "lib/panic.h"
#include "lib/fmt.h"
#include "lib/print.h"

struct panic_hooks panic_hooks;

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
        WRITE_ONCE(print_hooks.panicking, true);
        if (panic_hooks.stop_others)
            panic_hooks.stop_others();
        pr_err("panic: %s", text);
        if (panic_hooks.describe)
            panic_hooks.describe();
        if (panic_hooks.end)
            panic_hooks.end();
    }
    for (;;)
        ;
}
