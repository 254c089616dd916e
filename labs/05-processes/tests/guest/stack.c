/* A program's stack, in an address space that no program runs in. */
#include "grade.h"
#include "abi/mman.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/shootdown.h"
#include "mm/space.h"
#include "proc/cred.h"
#include "sys/exec_stack.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define STACK_BYTES (1u << 18) /* more than any question's */

static struct space *home; /* where the thread lives between questions */
static uint8_t stack[STACK_BYTES];

/* What the function under test takes and gives back. */
static bool counting;
static int taken;
static unsigned fails_at, asked;

// WRAP: kmalloc kzalloc kfree
void *__wrap_kmalloc(size_t size);
void *__real_kmalloc(size_t size);
void *__wrap_kzalloc(size_t size);
void *__real_kzalloc(size_t size);
void __wrap_kfree(void *object);
void __real_kfree(void *object);

static void *
count(void *object)
{
    taken += counting && object;
    return object;
}

static bool
fails(void)
{
    return counting && ++asked == fails_at;
}

void *
__wrap_kmalloc(size_t size)
{
    return fails() ? NULL : count(__real_kmalloc(size));
}

void *
__wrap_kzalloc(size_t size)
{
    return fails() ? NULL : count(__real_kzalloc(size));
}

void
__wrap_kfree(void *object)
{
    taken -= counting && object;
    __real_kfree(object);
}

static void
live_in(struct space *space)
{
    bool on = cpu_irq_save();
    cpu_thread()->space = space;
    space_switch(space);
    cpu_irq_restore(on);
}

static void
setup(void)
{
    if (space_create(&home) != 0)
        panic("grade: no memory for a space");
    live_in(home);
}
GRADE_SETUP(setup);

/* A space with nothing but room for a stack. */
static struct space *
make_space(uint64_t limit)
{
    struct space *space;
    struct area area = {.start = SPACE_STACK_TOP - PAGE_SIZE,
                        .end = SPACE_STACK_TOP,
                        .prot = PROT_READ | PROT_WRITE,
                        .flags = AREA_STACK};
    if (space_create(&space) != 0)
        panic("grade: no memory for a space");
    space->limit_stack = limit;
    live_in(space);
    if (space_map(space, &area, SPACE_REPLACE) != 0)
        panic("grade: no memory for a stack");
    return space;
}

static struct cred *
read_cred(struct grade *g)
{
    struct cred *cred = cred_copy();
    if (!cred)
        panic("grade: no memory for credentials");
    cred->uid.real = grade_u32(g);
    cred->uid.effective = grade_u32(g);
    cred->gid.real = grade_u32(g);
    cred->gid.effective = grade_u32(g);
    return cred;
}

/* The strings, how many are argv's and envp's; the user; what the program is;
 * the stack's limit, and which allocation fails, 0 for none. Puts the result,
 * what was taken and not given back, and if it is 0 the stack pointer and all
 * above it. */
static void
build(struct grade *g)
{
    size_t len;
    const char *text = grade_bytes(g, &len);
    struct exec_args args = {
        .text = (char *)(uintptr_t)text, .len = len, .room = len};
    struct elf_info info = {.base = 0};
    uint64_t sp = 0;
    args.argc = grade_u32(g);
    args.envc = grade_u32(g);
    args.cred = read_cred(g);
    info.phdr = grade_u64(g);
    info.phnum = grade_u64(g);
    info.entry = grade_u64(g);
    uint64_t linker = grade_u64(g);
    struct space *space = make_space(grade_u64(g));
    fails_at = grade_u32(g);
    asked = 0;
    taken = 0;
    counting = true;
    int result = exec_stack_build(&args, &info, linker, &sp);
    counting = false;
    grade_put_u32(g, (uint32_t)result);
    grade_put_u32(g, (uint32_t)taken);
    if (result == 0) {
        size_t size = MIN(SPACE_STACK_TOP - sp, sizeof(stack));
        grade_put_u64(g, sp);
        if (sp >= SPACE_STACK_TOP || uaccess_read(stack, uaddr(sp), size) != 0)
            size = 0;
        grade_put_bytes(g, stack, size);
    }
    live_in(home);
    space_leave(space);
    space_unref(space);
    cred_put(args.cred);
}

GRADE_CASES({"build", build});
