#include "dev/platform.h"
#include "lib/string.h"

/* The bits of the extension whose name is the len bytes at name. */
static uint32_t
bits_of(const char *name, size_t len)
{
    if (len == 4 && strncmp(name, "sstc", len) == 0)
        return PLATFORM_ISA_SSTC;
    if (len != 1 || strchr("imafdcg", *name) == NULL)
        return 0;
    if (*name != 'g')
        return PLATFORM_ISA(*name);
    return PLATFORM_ISA('i') | PLATFORM_ISA('m') | PLATFORM_ISA('a') |
           PLATFORM_ISA('f') | PLATFORM_ISA('d');
}

uint32_t
isa_from_string(const char *isa)
{
    static const char base[] = "rv64";
    if (strncmp(isa, base, strlen(base)) != 0)
        return 0;
    uint32_t bits = 0;
    /* First come one-letter names; a long one may follow without a '_'. */
    bool letters = true;
    for (isa += strlen(base); *isa != '\0';) {
        letters = letters && strchr("_szx", *isa) == NULL;
        size_t len = 1;
        while (!letters && isa[len] != '_' && isa[len] != '\0')
            len++;
        bits |= *isa == '_' ? bits_of(isa + 1, len - 1) : bits_of(isa, len);
        isa += len;
    }
    return bits;
}

uint32_t
isa_from_list(const struct fdt_prop *list)
{
    uint32_t bits = 0;
    const char *name;
    for (unsigned i = 0; (name = fdt_prop_string(list, i)) != NULL; i++)
        bits |= bits_of(name, strlen(name));
    return bits;
}
