#include "dev/isa.h"
#include "dev/platform.h"
#include "lib/string.h"

static const struct {
    const char *name;
    uint32_t flags;
} extensions[] = {
    {"m", PLATFORM_ISA_M},
    {"a", PLATFORM_ISA_A},
    {"f", PLATFORM_ISA_F},
    {"d", PLATFORM_ISA_D},
    {"c", PLATFORM_ISA_C},
    {"g", PLATFORM_ISA_M | PLATFORM_ISA_A | PLATFORM_ISA_F | PLATFORM_ISA_D},
    {"sstc", PLATFORM_ISA_SSTC},
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

uint32_t
isa_from_string(const char *isa)
{
    static const char base[] = "rv64";
    if (strncmp(isa, base, strlen(base)) != 0)
        return 0;

    uint32_t flags = 0;
    /* First come one-letter names; a long one may follow without a '_'. */
    bool letters = true;
    for (isa += strlen(base); *isa != '\0';) {
        letters = letters && strchr("_szx", *isa) == NULL;
        size_t len = 1;
        while (!letters && isa[len] != '_' && isa[len] != '\0')
            len++;
        flags |= *isa == '_' ? flags_of(isa + 1, len - 1) : flags_of(isa, len);
        isa += len;
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
