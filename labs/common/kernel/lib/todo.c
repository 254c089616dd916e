#include "lib/todo.h"
#include "lib/panic.h"
#include "lib/print.h"

void
lab_todo(const char *function, const char *file, unsigned lab)
{
    /* Whoever holds the lock of the log may be a lab of its own. */
    WRITE_ONCE(print_hooks.panicking, true);
    if (panic_hooks.stop_others != NULL)
        panic_hooks.stop_others();
    pr_err("lab %u: %s is yours to write (%s)", lab, function, file);
    if (panic_hooks.end != NULL)
        panic_hooks.end();
    for (;;)
        ;
}
