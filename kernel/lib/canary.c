#include "lib/canary.h"

#ifdef CANARY

#include "lib/panic.h"

/* The compilers define both names. */
uintptr_t __stack_chk_guard = 0x00c0ffee;
NORETURN void __stack_chk_fail(void);

/* The lowest byte, the first to be overwritten, is what ends a string: a copy
 * of one cannot put it back. */
void
canary_init(uint64_t random)
{
    __stack_chk_guard = random & ~0xfful;
}

/* The caller's name is in the backtrace, below this one. */
void
__stack_chk_fail(void)
{
    panic("stack: written past the end of an array, in the function that "
          "returns here: %p",
          __builtin_return_address(0));
}

#endif
