#include "lib/symbols.h"

struct ksym {
    uint32_t offset; /* from _text */
    uint32_t name;   /* from ksyms_names */
};

extern const char _text[], _etext[];
extern const uint32_t ksyms_count;
extern const struct ksym ksyms_table[];
extern const char ksyms_names[];

bool
symbol_lookup(uintptr_t addr, const char **name, size_t *offset)
{
    if (addr < (uintptr_t)_text || addr >= (uintptr_t)_etext)
        return false;
    uintptr_t target = addr - (uintptr_t)_text;

    /* The last symbol at or below target is table[low - 1]. */
    size_t low = 0, high = ksyms_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ksyms_table[middle].offset <= target)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    *name = ksyms_names + ksyms_table[low - 1].name;
    *offset = target - ksyms_table[low - 1].offset;
    return true;
}
