#include "abi/limits.h"
#include "abi/mman.h"
#include "abi/stat.h"
#include "fs/mapping.h"
#include "fs/mount.h"
#include "fs/procfs_system.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "proc/process.h"

/* What an area is called; starts in buf, or is a constant. */
static const char *
name_of(const struct area *area, const struct space *space, char *buf)
{
    if (area->object && area->object->ops == &mapping_ops) {
        struct file *file = area->handle;
        int start = dentry_path(file->dentry, mount_get_root(), buf, PATH_MAX);
        return start < 0 ? "(deleted)" : buf + start;
    }
    if (area->flags & AREA_STACK)
        return "[stack]";
    if (area->object)
        return area->flags & AREA_SHARED ? "/dev/zero (deleted)" : "[vdso]";
    bool heap = area->start < READ_ONCE(space->brk) &&
                area->end > READ_ONCE(space->brk_start);
    return heap ? "[heap]" : "";
}

static void
put_area(struct text *out, const struct area *area, const struct space *space,
         char *buf)
{
    const struct inode *inode = NULL;
    if (area->object && area->object->ops == &mapping_ops)
        inode = ((struct file *)area->handle)->inode;
    uint64_t dev = inode ? inode->super->dev : 0;
    const char *name = name_of(area, space, buf);
    text_printf(
        out, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", area->start, area->end,
        area->prot & PROT_READ ? 'r' : '-', area->prot & PROT_WRITE ? 'w' : '-',
        area->prot & PROT_EXEC ? 'x' : '-',
        area->flags & AREA_SHARED ? 's' : 'p', area->offset,
        (unsigned)MAJOR(dev), (unsigned)MINOR(dev), inode ? inode->ino : 0);
    text_printf(out, "%s%s\n", *name ? " " : "", name);
}

/* The space of a process, with a reference; NULL if it has none any more. */
static struct space *
get_space(int pid, int *err)
{
    spin_guard(&process_lock);
    const struct process *process = process_find_locked(pid);
    *err = !process ? -ESRCH : cred_may_inspect(process) ? 0 : -EACCES;
    return !*err && process->space ? space_ref(process->space) : NULL;
}

int
proc_show_maps(struct text *out)
{
    struct area area = {.end = 0};
    int err;
    struct space *space = get_space((int)out->id, &err);
    FREED char *buf = kmalloc(PATH_MAX);
    if (!buf)
        err = -ENOMEM;
    while (space && buf && space_get_area(space, area.end, &area)) {
        put_area(out, &area, space, buf);
        area_put(&area);
    }
    if (space)
        space_unref(space);
    return err;
}
