#include "proc/uts.h"
#include "lib/string.h"
#include "lib/version.h"
#include "proc/process.h"

static struct utsname names = {
    .sysname = "Umbra",
    .nodename = "umbra",
    .release = VERSION_RELEASE,
    .version = VERSION_BUILD,
    .machine = "riscv64",
    .domainname = "(none)",
};

void
uts_get(struct utsname *out)
{
    spin_guard(&process_lock);
    *out = names;
}

void
uts_set(enum uts_name which, const char *name, size_t len)
{
    char *field = which == UTS_NODE ? names.nodename : names.domainname;
    spin_guard(&process_lock);
    memset(field, 0, sizeof(names.nodename));
    memcpy(field, name, len);
}
