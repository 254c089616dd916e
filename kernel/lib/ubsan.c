/* What the compiler calls when -fsanitize=undefined (SAN=1) has caught the
 * kernel at undefined behaviour: a report by name, and the end.
 *
 * The compilers define these functions' names and arguments, and the layout
 * of the structs they point to; there is no header. */
#include "lib/compiler.h"
#include "lib/panic.h"

struct source_location {
    const char *file;
    uint32_t line;
    uint32_t column;
};

struct type_descriptor {
    uint16_t kind; /* 0 integer, 1 floating point, 0xffff anything else */
    uint16_t info; /* of an integer: bit 0 signed, above it log2 of the width */
    char name[];
};

/* Every report's data begins with a location, but the two for nonnull_return,
 * which pass it apart. */
struct overflow_data {
    struct source_location at;
    const struct type_descriptor *type;
};

struct shift_data {
    struct source_location at;
    const struct type_descriptor *left, *right;
};

struct bounds_data {
    struct source_location at;
    const struct type_descriptor *array, *index;
};

struct mismatch_data {
    struct source_location at;
    const struct type_descriptor *type;
    uint8_t log2_alignment;
    uint8_t access;
};

/* A value as reports pass it: up to 64 bits as they are, more by address. */
static long
value_of(const struct type_descriptor *type, uintptr_t value)
{
    unsigned width = 1u << (type->info >> 1);
    bool is_signed = type->info & 1;
    if (width > 64)
        return *(const long *)value;
    if (is_signed && width < 64)
        return (long)(value << (64 - width)) >> (64 - width);
    return (long)value;
}

#define REPORT(at, format, ...)                                   \
    panic("undefined behaviour at %s:%u:%u: " format, (at)->file, \
          (unsigned)(at)->line, (unsigned)(at)->column, ##__VA_ARGS__)

/* A handler under its two names: the second is called when the compiler was
 * told not to go on, which none of these do. */
#define HANDLER(which, ...)                               \
    void __ubsan_handle_##which(__VA_ARGS__);             \
    void __ubsan_handle_##which##_abort(__VA_ARGS__)      \
        __attribute__((alias("__ubsan_handle_" #which))); \
    void __ubsan_handle_##which(__VA_ARGS__)

#define OVERFLOW_HANDLER(which, sign)                                    \
    HANDLER(which, struct overflow_data *data, uintptr_t a, uintptr_t b) \
    {                                                                    \
        REPORT(&data->at, "%ld " sign " %ld overflows %s",               \
               value_of(data->type, a), value_of(data->type, b),         \
               data->type->name);                                        \
    }

OVERFLOW_HANDLER(add_overflow, "+")
OVERFLOW_HANDLER(sub_overflow, "-")
OVERFLOW_HANDLER(mul_overflow, "*")

HANDLER(divrem_overflow, struct overflow_data *data, uintptr_t a, uintptr_t b)
{
    const char *why =
        value_of(data->type, b) == 0 ? "is division by zero" : "overflows";
    REPORT(&data->at, "%ld / %ld of type %s %s", value_of(data->type, a),
           value_of(data->type, b), data->type->name, why);
}

HANDLER(negate_overflow, struct overflow_data *data, uintptr_t a)
{
    REPORT(&data->at, "-(%ld) overflows %s", value_of(data->type, a),
           data->type->name);
}

HANDLER(shift_out_of_bounds, struct shift_data *data, uintptr_t a, uintptr_t b)
{
    REPORT(&data->at, "%ld of type %s shifted by %ld", value_of(data->left, a),
           data->left->name, value_of(data->right, b));
}

HANDLER(out_of_bounds, struct bounds_data *data, uintptr_t index)
{
    REPORT(&data->at, "index %ld is outside %s", value_of(data->index, index),
           data->array->name);
}

HANDLER(type_mismatch_v1, struct mismatch_data *data, uintptr_t pointer)
{
    static const char *const accesses[] = {
        "load",
        "store",
        "reference binding",
        "member access",
        "member call",
        "constructor call",
        "downcast",
        "downcast",
        "upcast",
        "upcast to virtual base",
        "nonnull assignment",
        "dynamic operation",
    };
    const char *access =
        data->access < ARRAY_LEN(accesses) ? accesses[data->access] : "access";
    uintptr_t alignment = 1ul << data->log2_alignment;
    const char *what = pointer == 0 ? "null pointer"
                       : pointer & (alignment - 1)
                           ? "misaligned pointer"
                           : "pointer to too small an object";
    REPORT(&data->at, "%s of %s through %s %#lx", access, data->type->name,
           what, (unsigned long)pointer);
}

HANDLER(pointer_overflow, struct source_location *at, uintptr_t base,
        uintptr_t result)
{
    REPORT(at, "pointer %#lx wraps round to %#lx", (unsigned long)base,
           (unsigned long)result);
}

HANDLER(load_invalid_value, struct overflow_data *data, uintptr_t value)
{
    REPORT(&data->at, "%ld is no value of %s", value_of(data->type, value),
           data->type->name);
}

HANDLER(vla_bound_not_positive, struct overflow_data *data, uintptr_t bound)
{
    REPORT(&data->at, "array of length %ld", value_of(data->type, bound));
}

HANDLER(builtin_unreachable, struct source_location *at)
{
    REPORT(at, "unreachable code reached");
}

HANDLER(missing_return, struct source_location *at)
{
    REPORT(at, "end of a function that should return a value");
}

HANDLER(invalid_builtin, struct source_location *at)
{
    REPORT(at, "zero passed to a builtin that counts zeros");
}

HANDLER(nonnull_arg, struct source_location *at)
{
    REPORT(at, "null passed for an argument that must not be");
}

HANDLER(nonnull_return_v1, const void *data, struct source_location *at)
{
    (void)data;
    REPORT(at, "null returned by a function that must not");
}

HANDLER(alignment_assumption, struct source_location *at, uintptr_t pointer,
        uintptr_t alignment, uintptr_t offset)
{
    REPORT(at, "pointer %#lx minus %#lx was assumed aligned to %#lx",
           (unsigned long)pointer, (unsigned long)offset,
           (unsigned long)alignment);
}

HANDLER(function_type_mismatch, struct overflow_data *data, uintptr_t function)
{
    REPORT(&data->at, "function at %#lx called as %s", (unsigned long)function,
           data->type->name);
}
