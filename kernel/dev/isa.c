#include "dev/isa.h"
#include "dev/platform.h"
#include "lib/string.h"

struct isa_name {
    const char *name;
    uint32_t flags;
};

static const struct isa_name extensions[] = {
    {"m", PLATFORM_ISA_M},
    {"a", PLATFORM_ISA_A},
    {"f", PLATFORM_ISA_F},
    {"d", PLATFORM_ISA_D},
    {"c", PLATFORM_ISA_C},
    {"v", PLATFORM_ISA_V},
    {"h", PLATFORM_ISA_H},
    {"g", PLATFORM_ISA_M | PLATFORM_ISA_A | PLATFORM_ISA_F | PLATFORM_ISA_D},
    {"zba", PLATFORM_ISA_ZBA},
    {"zbb", PLATFORM_ISA_ZBB},
    {"zbs", PLATFORM_ISA_ZBS},
    {"zicbom", PLATFORM_ISA_ZICBOM},
    {"zicboz", PLATFORM_ISA_ZICBOZ},
    {"zihintpause", PLATFORM_ISA_ZIHINTPAUSE},
    {"zawrs", PLATFORM_ISA_ZAWRS},
    {"zkr", PLATFORM_ISA_ZKR},
    {"sstc", PLATFORM_ISA_SSTC},
    {"svadu", PLATFORM_ISA_SVADU},
    {"svinval", PLATFORM_ISA_SVINVAL},
    {"svnapot", PLATFORM_ISA_SVNAPOT},
    {"svpbmt", PLATFORM_ISA_SVPBMT},
};

/* The flags of the extension whose name is the len bytes at name. */
static uint32_t
flags_of(const char *name, size_t len)
{
    for (unsigned i = 0; i < ARRAY_LEN(extensions); i++)
        if (strncmp(extensions[i].name, name, len) == 0 &&
            extensions[i].name[len] == '\0')
            return extensions[i].flags;
    return 0;
}

static size_t
word_length(const char *word)
{
    size_t len = 0;
    while (word[len] != '\0' && word[len] != '_')
        len++;
    return len;
}

/* The first word has the one-letter names; a long name may follow them
 * without an underscore. */
static uint32_t
flags_of_letters(const char *word, size_t len)
{
    uint32_t flags = 0;
    for (; len > 0; word++, len--) {
        uint32_t rest = flags_of(word, len);
        if (rest != 0)
            return flags | rest;
        if (*word == 'z' || *word == 'x')
            break;
        flags |= flags_of(word, 1);
    }
    return flags;
}

uint32_t
isa_from_string(const char *isa)
{
    static const char base[] = "rv64";
    if (strncmp(isa, base, strlen(base)) != 0)
        return 0;
    isa += strlen(base);
    size_t len = word_length(isa);
    uint32_t flags = flags_of_letters(isa, len);
    while (isa[len] == '_') {
        isa += len + 1;
        len = word_length(isa);
        flags |= flags_of(isa, len);
    }
    return flags;
}

uint32_t
isa_from_list(const struct fdt_prop *list)
{
    uint32_t flags = 0;
    const char *name;
    for (unsigned i = 0; (name = fdt_prop_string(list, i)) != NULL; i++)
        flags |= flags_of(name, strlen(name));
    return flags;
}

unsigned
isa_mmu_bits(const char *mmu_type)
{
    if (strcmp(mmu_type, "riscv,sv39") == 0)
        return 39;
    if (strcmp(mmu_type, "riscv,sv48") == 0)
        return 48;
    if (strcmp(mmu_type, "riscv,sv57") == 0)
        return 57;
    return 0;
}
