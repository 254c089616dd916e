#include "sys/exec.h"
#include "abi/mman.h"
#include "arch/tlb.h"
#include "lib/string.h"
#include "mm/shootdown.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "proc/futex.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/usage.h"
#include "sys/exec_stack.h"
#include "sys/fileargs.h"
#include "sys/sys.h"
#include "sys/vdso.h"
#include "trace/trace.h"

/* Where programs that can be anywhere go, and dynamic linkers: out of the way
 * of each other, the heap's and the stack's growth, and where nobody's null
 * pointer plus offset is. */
#define PIE_BASE    0x2000000000ul
#define LINKER_BASE 0x3000000000ul

#define SCRIPTS_MAX 5u /* interpreted by one another */

/* ---- The new memory ---- */

/* Puts the program's dynamic linker beside it: it runs first. Nobody writes to
 * it meanwhile; later, as to any library, who may. */
static int
load_linker(const char *path, struct space *space, uint64_t *base,
            uint64_t *start)
{
    struct OWNED(elf_source) program = {0}, source = {0};
    struct elf_info info;
    int error = file_open_program(process_current()->fs, path, &program.file);
    if (error == 0)
        error = file_open_dentry(dentry_ref(program.file->dentry), O_RDONLY,
                                 &source.file);
    error = error ?: elf_load(&source, space, LINKER_BASE, &info);
    if (error != 0)
        return error;
    *base = info.base;
    *start = info.entry;
    return 0;
}

/* Makes *start the address where it begins, with the stack at *sp. */
static int
build_space(const struct elf_source *source, const struct exec_args *args,
            struct space *space, uint64_t *start, uint64_t *sp)
{
    struct elf_info info = {0};
    uint64_t linker = 0;
    struct area stack = {.start = SPACE_STACK_TOP - PAGE_SIZE,
                         .end = SPACE_STACK_TOP,
                         .prot = PROT_READ | PROT_WRITE,
                         .flags = AREA_STACK};
    int error = elf_load(source, space, PIE_BASE, &info);
    *start = info.entry;
    if (error == 0 && info.interpreter[0] != '\0')
        error = load_linker(info.interpreter, space, &linker, start);
    error = error ?: space_map(space, &stack, SPACE_REPLACE);
    error = error ?: vdso_map(space);
    error = error ?: exec_stack_build(args, &info, linker, sp);
    space->brk_start = space->brk = info.end;
    return error;
}

/* The last component of the path, and the arguments, for ps. */
static void
set_names(struct process *self, const struct exec_args *args)
{
    const char *slash = strrchr(args->text, '/');
    const char *argv = args->text + strlen(args->text) + 1;
    const char *end = argv;
    for (unsigned i = 0; i < args->argc; i++)
        end += strlen(end) + 1;
    size_t len = (size_t)(end - argv);
    size_t all = args->len - (size_t)(argv - args->text);
    char *copy = kmalloc(all);
    if (copy)
        memcpy(copy, argv, all);

    spin_lock(&process_lock);
    char *old = self->cmdline;
    self->cmdline = copy;
    self->cmdline_len = copy ? len : 0;
    self->environ_len = copy ? all - len : 0;
    strlcpy(self->name, slash ? slash + 1 : args->text, sizeof(self->name));
    strlcpy(thread_current()->name, self->name, sizeof(self->name));
    trace_proc_exec(self->name);
    spin_unlock(&process_lock);
    kfree(old);
}

/* Makes the running thread live in space; a sleep while it was being built
 * may have made this hart use another. */
static void
use_space(struct space *space)
{
    bool on = cpu_irq_save();
    cpu_thread()->space = space;
    space_switch(space);
    tlb_sync_instructions();
    cpu_irq_restore(on);
}

/* Takes leave of the old program's threads and of who waits for them. A thread
 * may have let another process share the directory since it was looked whether
 * others do: -EAGAIN. The one that is left is here. */
static int
leave_program(bool was_shared)
{
    struct process *self = process_current();
    int error = process_end_others();
    if (error == 0 && !was_shared && fs_context_is_shared(self->fs))
        error = -EAGAIN;
    if (error != 0)
        return error;
    futex_end_thread();
    struct fdtable *old = self->fdtable, *own = fdtable_own(old);
    if (!own)
        return -ENOMEM;
    spin_lock(&process_lock);
    self->fdtable = own;
    spin_unlock(&process_lock);
    if (own != old)
        fdtable_put(old);
    fdtable_close_on_exec(own);
    return 0;
}

/* The old program is no more. */
static void
commit(struct space *space, uint64_t start, uint64_t sp,
       const struct exec_args *args)
{
    struct process *self = process_current();
    struct thread *t = thread_current();
    cred_set(args->cred); /* before others can see the new memory */
    spin_lock(&process_lock);
    struct space *old = self->space;
    usage_keep_peak(self);
    self->space = space;
    if (cred_is_secure(args->cred))
        self->death_signal = 0;
    process_let_parent_go_locked(self);
    spin_unlock(&process_lock);
    use_space(space);
    space_leave(old);
    space_unref(old);

    set_names(self, args);
    signal_exec();
    memset(&t->arch.fpu, 0, sizeof(t->arch.fpu));
    sched_load_fpu();
    trap_init_user_frame(trap_user_frame(&t->arch), start, sp);
}

/* Whose the process will be once it runs the program. Mode and owner are read
 * together: between chown's change of one and of the other, a file has rights
 * that nobody gave it. */
static struct cred *
program_cred(const struct file *file, bool shared)
{
    struct cred *cred = cred_copy();
    if (!cred || !file)
        return cred;
    struct inode *inode = file->inode;
    bool readable = inode_may(inode, cred, MAY_READ);
    /* Who shares a directory and a umask could change them on the way. */
    bool plain =
        READ_ONCE(inode->super->no_set_id) || (shared && !cred_is_root(cred));
    sleeplock_lock(&inode->lock);
    uint32_t mode = plain ? 0 : inode->mode;
    uint32_t uid = inode->uid, gid = inode->gid;
    sleeplock_unlock(&inode->lock);
    cred_run_program(cred, mode, uid, gid, readable);
    return cred;
}

/* Makes the running process run the program of source with args: on its next
 * return to user mode it starts at the program's entry. On failure nothing
 * has changed, but threads may have ended. After -EAGAIN it is worth another
 * try, for no thread is left that could be its cause. */
static int
exec_replace(const struct elf_source *source, struct exec_args *args)
{
    struct space *old = cpu_thread()->space, *space;
    uint64_t start = 0, sp = 0;
    bool shared = fs_context_is_shared(process_current()->fs);
    args->cred = program_cred(source->file, shared);
    if (!args->cred)
        return -ENOMEM;
    int error = space_create(&space);
    if (error != 0) {
        cred_put(args->cred);
        return error;
    }
    /* User copies go through the thread's space: the new one is filled
     * without a change of page tables. */
    cpu_thread()->space = space;
    space->limit_size = old->limit_size;
    space->limit_data = old->limit_data;
    space->limit_stack = old->limit_stack;
    error = build_space(source, args, space, &start, &sp);
    if (error == 0) {
        cpu_thread()->space = old;
        error = leave_program(shared);
    }
    if (error != 0) {
        cred_put(args->cred);
        use_space(old);
        space_leave(space);
        space_unref(space);
        return error;
    }
    commit(space, start, sp, args);
    return 0;
}

/* The first line of one script is needed until the next one's is read. */
static int
exec_path(const char *path, struct exec_args *args)
{
    char lines[2][SCRIPT_LINE_BYTES], *interpreter = NULL, *argument = NULL;
    for (unsigned i = 0; i < SCRIPTS_MAX; i++) {
        struct OWNED(elf_source) source = {0};
        struct fs_context *fs = process_current()->fs;
        int error = file_open_program(fs, path, &source.file);
        if (error != 0)
            return error;
        error = exec_args_read_script(source.file, lines[i % 2], &interpreter,
                                      &argument);
        if (error == -ENOEXEC) {
            error = exec_replace(&source, args);
            if (error == -EAGAIN)
                error = exec_replace(&source, args);
            if (error == 0)
                fs_context_set_exe(fs, source.file->dentry);
            return error;
        }
        error = error ?: exec_args_interpret(args, path, interpreter, argument);
        if (error != 0)
            return error;
        path = interpreter;
    }
    return -ELOOP;
}

SYSCALL_DEFINE(execve)
{
    struct OWNED(path_arg) path;
    struct OWNED(exec_args) args = {0};
    int error = path_arg_read(&path, arg[0]);
    error = error ?: exec_args_add(&args, path.text, NULL);
    error = error ?: exec_args_add_user(&args, uaddr(arg[1]), &args.argc);
    error = error ?: exec_args_add_user(&args, uaddr(arg[2]), &args.envc);
    /* A program may count on a name of its own. */
    if (error == 0 && args.argc == 0)
        return -EINVAL;
    return error ?: exec_path(path.text, &args);
}

int
exec_start(const char *path, const struct elf_source *memory,
           const char *const argv[])
{
    static const char *const environment[] = {"PATH=/bin:/sbin", "HOME=/",
                                              "TERM=vt100", NULL};
    struct OWNED(exec_args) args = {0};
    int error = exec_args_add(&args, path, NULL);
    for (unsigned i = 0; error == 0 && argv[i]; i++)
        error = exec_args_add(&args, argv[i], &args.argc);
    for (unsigned i = 0; error == 0 && environment[i]; i++)
        error = exec_args_add(&args, environment[i], &args.envc);
    if (error != 0)
        return error;
    return memory ? exec_replace(memory, &args) : exec_path(path, &args);
}
