/* User copies, in scripts of one-letter operations; each puts its results into
 * the answer. tests/_uaccess.py writes the scripts and reads the answers. What
 * a fault does is up to the script: space_fault is not the kernel's. */
#include "pool.h"
#include "abi/mman.h"
#include "arch/trap.h"
#include "mm/space.h"
#include "mm/uaccess.h"

// WRAP: panic
// WRAP: frame_alloc
// WRAP: frame_alloc_zeroed
// WRAP: frame_free
// WRAP: frame_unref
// WRAP: space_fault

GRADE_ENTRY(GRADE_AT_KMAIN);

#define FAULTS 32u
#define ROOM   (5 * PAGE_SIZE)

static struct space space;
static char kernel_bytes[ROOM]; /* what is copied to or from */

/* What a fault on a page will do. */
static struct {
    uint64_t va, flags;
    unsigned access; /* PROT_* for which it does it */
    int error;       /* or what comes of it */
} plans[FAULTS];
static unsigned nplans;

/* What faults there were; PINNED: while a copy was said to be going on. */
#define PINNED 0x100u
static struct {
    uint64_t va;
    uint64_t access;
} faults[FAULTS];
static unsigned nfaults;

int __wrap_space_fault(struct space *s, uint64_t va, unsigned access);

int
__wrap_space_fault(struct space *s, uint64_t va, unsigned access)
{
    if (nfaults == FAULTS)
        __real_panic("faults without end");
    faults[nfaults].va = va;
    faults[nfaults++].access =
        access | (this_cpu()->copying || s != &space ? PINNED : 0) |
        (cpu_thread()->no_waiting ? 0x200u : 0);
    for (unsigned i = 0; i < nplans; i++) {
        if (plans[i].va != ALIGN_DOWN(va, PAGE_SIZE) ||
            plans[i].access != access)
            continue;
        if (plans[i].error != 0)
            return plans[i].error;
        uint64_t *entry = entry_of(space.root, va, 0);
        uint64_t pa = *entry ? pte_address(*entry) : virt_to_phys(own_frame());
        *entry = pte_make(pa, plans[i].flags);
        return 0;
    }
    return -EFAULT;
}

/* p: a page of the space: its flags, and the word that it begins with, which
 * the others follow from */
static void
op_page(struct grade *g)
{
    uint64_t va = grade_u64(g), flags = grade_u64(g), word = grade_u64(g);
    uint64_t *page = own_frame();
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        page[i] = word + i * 0x9e3779b97f4a7c15ul;
    *entry_of(space.root, va, 0) = pte_make(virt_to_phys(page), flags);
}

/* P: what a fault will do */
static void
op_plan(struct grade *g)
{
    assert(nplans < FAULTS);
    plans[nplans].va = grade_u64(g);
    plans[nplans].access = grade_u32(g);
    plans[nplans].flags = grade_u64(g);
    plans[nplans++].error = (int)grade_u32(g);
}

static void
put_faults(struct grade *g)
{
    grade_put_bytes(g, faults, nfaults * sizeof(faults[0]));
    nfaults = 0;
    grade_put_u8(g, this_cpu()->copying != NULL);
}

/* r, o, n: reads, at once, now; what came of it, and the bytes, up to some
 * behind the last */
static void
op_read(struct grade *g, char op)
{
    uaddr_t at = uaddr(grade_u64(g));
    size_t n = grade_u64(g), shown = MIN(n + 8, ROOM);
    memset(kernel_bytes, 0x5a, shown);
    int64_t result;
    if (op == 'r')
        result = uaccess_read(kernel_bytes, at, n);
    else if (op == 'o')
        result = uaccess_read_at_once(kernel_bytes, at, n);
    else
        result = uaccess_read_now(kernel_bytes, at, n);
    grade_put_u64(g, (uint64_t)result);
    grade_put_bytes(g, kernel_bytes, shown);
    put_faults(g);
}

/* w, O: writes, at once */
static void
op_write(struct grade *g, char op)
{
    size_t n;
    uaddr_t at = uaddr(grade_u64(g));
    const void *bytes = grade_bytes(g, &n);
    int64_t result = op == 'w' ? uaccess_write(at, bytes, n)
                               : uaccess_write_at_once(at, bytes, n);
    grade_put_u64(g, (uint64_t)result);
    put_faults(g);
}

/* s: reads a string into so many bytes */
static void
op_string(struct grade *g)
{
    uaddr_t at = uaddr(grade_u64(g));
    size_t size = grade_u64(g), shown = MIN(size + 8, ROOM);
    memset(kernel_bytes, 0x5a, shown);
    grade_put_u64(g, (uint64_t)uaccess_read_string(kernel_bytes, at, size));
    grade_put_bytes(g, kernel_bytes, shown);
    put_faults(g);
}

/* k: peeks at a word; x: exchanges one */
static void
op_word(struct grade *g, char op)
{
    uaddr_t at = uaddr(grade_u64(g));
    uint32_t value = grade_u32(g), desired = grade_u32(g);
    int result = op == 'k' ? uaccess_peek(&value, at)
                           : uaccess_exchange(at, &value, desired);
    grade_put_u32(g, (uint32_t)result);
    grade_put_u32(g, value);
    put_faults(g);
}

/* m: what a page of the space holds, by way of its entry */
static void
op_memory(struct grade *g)
{
    uint64_t va = grade_u64(g), n = grade_u64(g);
    const char *page = phys_to_virt(pte_address(*entry_of(space.root, va, 0)));
    grade_put_bytes(g, page + va % PAGE_SIZE, n);
}

/* a: where a secret of the kernel's is that comes with the question */
static void
op_secret(struct grade *g)
{
    static char secret[64] ALIGNED(8);
    size_t n;
    const void *bytes = grade_bytes(g, &n);
    memcpy(secret, bytes, MIN(n, sizeof(secret)));
    grade_put_u64(g, (uint64_t)secret);
}

static void
run_one(struct grade *g, char op)
{
    switch (op) {
    case 'p':
        op_page(g);
        break;
    case 'P':
        op_plan(g);
        break;
    case 'r':
    case 'o':
    case 'n':
        op_read(g, op);
        break;
    case 'w':
    case 'O':
        op_write(g, op);
        break;
    case 's':
        op_string(g);
        break;
    case 'k':
    case 'x':
        op_word(g, op);
        break;
    case 'm':
        op_memory(g);
        break;
    case 'a':
        op_secret(g);
        break;
    }
}

struct {
    struct cpu *cpu;
    const struct space *space;
    const uint64_t *root;
    const void **copying;
} grade_places;

static void
script(struct grade *g)
{
    start_pool(g);
    space.root = own_frame();
    const uint64_t *mine =
        phys_to_virt((csr_read(satp) & ((1ul << 44) - 1)) << PAGE_SHIFT);
    memcpy(space.root + PT_ENTRIES / 2, mine + PT_ENTRIES / 2, PAGE_SIZE / 2);
    cpu_thread()->space = &space;
    grade_places.cpu = this_cpu();
    grade_places.space = &space;
    grade_places.root = space.root;
    grade_places.copying = (const void **)&this_cpu()->copying;
    for (const char *op = grade_string(g); *op != '\0'; op++)
        run_one(g, *op);
    cpu_thread()->space = NULL;
}

GRADE_CASES({"script", script});
