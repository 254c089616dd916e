/* What the compiler calls when -fsanitize=undefined (SAN=1) has caught the
 * kernel at undefined behaviour: a report by name, and the end.
 *
 * The compilers define these functions' names and arguments; there is no
 * header. Of the structs that their first arguments point to, only the
 * beginning is of interest: where it happened. */
#include "lib/panic.h"

struct source_location {
    const char *file;
    uint32_t line;
    uint32_t column;
};

static NORETURN void
report(const struct source_location *at, const char *what)
{
    panic("undefined behaviour at %s:%u:%u: %s", at->file, (unsigned)at->line,
          (unsigned)at->column, what);
}

static NORETURN void
report_value(const struct source_location *at, const char *what, uintptr_t a)
{
    panic("undefined behaviour at %s:%u:%u: %s (%ld, %#lx)", at->file,
          (unsigned)at->line, (unsigned)at->column, what, (long)a, a);
}

/* A handler under its two names: the second is called when the compiler was
 * told not to go on, which none of these do. */
#define HANDLER(which, ...)                               \
    void __ubsan_handle_##which(__VA_ARGS__);             \
    void __ubsan_handle_##which##_abort(__VA_ARGS__)      \
        __attribute__((alias("__ubsan_handle_" #which))); \
    void __ubsan_handle_##which(__VA_ARGS__)

/* With no value to show, or with the first or the second of those passed. */
#define PLAIN(which, what)                           \
    HANDLER(which, const struct source_location *at) \
    {                                                \
        report(at, what);                            \
    }
#define FIRST(which, what)                                            \
    HANDLER(which, const struct source_location *at, uintptr_t value) \
    {                                                                 \
        report_value(at, what, value);                                \
    }
#define SECOND(which, what)                                              \
    HANDLER(which, const struct source_location *at, uintptr_t a UNUSED, \
            uintptr_t value)                                             \
    {                                                                    \
        report_value(at, what, value);                                   \
    }

SECOND(add_overflow, "signed addition overflows; right operand")
SECOND(sub_overflow, "signed subtraction overflows; right operand")
SECOND(mul_overflow, "signed multiplication overflows; right operand")
SECOND(divrem_overflow, "division by zero or overflow; divisor")
FIRST(negate_overflow, "negation overflows; operand")
SECOND(shift_out_of_bounds, "shift out of bounds; distance")
FIRST(out_of_bounds, "array index out of bounds")
FIRST(type_mismatch_v1, "null, misaligned or too small; pointer")
SECOND(pointer_overflow, "pointer wraps round; result")
FIRST(load_invalid_value, "no value of its type")
FIRST(vla_bound_not_positive, "array length")
FIRST(alignment_assumption, "not aligned as assumed; pointer")
FIRST(function_type_mismatch, "called as another type; function")
PLAIN(builtin_unreachable, "unreachable code reached")
PLAIN(missing_return, "end of a function that should return a value")
PLAIN(invalid_builtin, "zero passed to a builtin that counts zeros")
PLAIN(nonnull_arg, "null passed for an argument that must not be")

HANDLER(nonnull_return_v1, const void *data UNUSED,
        const struct source_location *at)
{
    report(at, "null returned by a function that must not");
}
