#include "proc/filter.h"
#include "mm/slab.h"

/* Instructions that one call may have to run, at most; each filter counts as a
 * few more. */
#define TOTAL_MAX 32768u
#define OVERHEAD  4u

struct filter *
filter_create(struct filter *before, unsigned len)
{
    unsigned total = len + (before ? before->total + OVERHEAD : 0);
    struct filter *f = NULL;
    if (total <= TOTAL_MAX)
        f = kmalloc(sizeof(*f) + len * sizeof(f->code[0]));
    if (f)
        *f = (struct filter){.refs = 1,
                             .before = filter_ref(before),
                             .len = len,
                             .total = total};
    return f;
}

struct filter *
filter_ref(struct filter *filter)
{
    if (filter)
        __atomic_fetch_add(&filter->refs, 1, __ATOMIC_RELAXED);
    return filter;
}

void
filter_put(struct filter *filter)
{
    while (filter &&
           __atomic_fetch_sub(&filter->refs, 1, __ATOMIC_ACQ_REL) == 1) {
        struct filter *before = filter->before;
        kfree(filter);
        filter = before;
    }
}

/* Whether the instruction is one, with `behind` others after it. */
static bool
is_valid(const struct sock_filter *i, unsigned behind)
{
    switch (i->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return i->k % sizeof(uint32_t) == 0 &&
               i->k < sizeof(struct seccomp_data);
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
        return i->k < BPF_MEMWORDS;
    case BPF_ALU | BPF_DIV | BPF_K:
        return i->k != 0;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K:
        return i->k < 32;
    case BPF_JMP | BPF_JA:
        return i->k < behind;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_X:
        return i->jt < behind && i->jf < behind;
    case BPF_LD | BPF_IMM:
    case BPF_LD | BPF_LEN:
    case BPF_LDX | BPF_IMM:
    case BPF_LDX | BPF_LEN:
    case BPF_ALU | BPF_ADD | BPF_K:
    case BPF_ALU | BPF_ADD | BPF_X:
    case BPF_ALU | BPF_SUB | BPF_K:
    case BPF_ALU | BPF_SUB | BPF_X:
    case BPF_ALU | BPF_MUL | BPF_K:
    case BPF_ALU | BPF_MUL | BPF_X:
    case BPF_ALU | BPF_DIV | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K:
    case BPF_ALU | BPF_OR | BPF_X:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_LSH | BPF_X:
    case BPF_ALU | BPF_RSH | BPF_X:
    case BPF_ALU | BPF_XOR | BPF_K:
    case BPF_ALU | BPF_XOR | BPF_X:
    case BPF_ALU | BPF_NEG:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
        return true;
    default:
        return false;
    }
}

bool
filter_is_valid(const struct filter *filter)
{
    for (unsigned at = 0; at < filter->len; at++)
        if (!is_valid(&filter->code[at], filter->len - at - 1))
            return false;
    return filter->len > 0 &&
           BPF_CLASS(filter->code[filter->len - 1].code) == BPF_RET;
}

/* ---- Running ---- */

struct machine {
    uint32_t a, x, mem[BPF_MEMWORDS];
    const struct seccomp_data *data;
};

static uint32_t
load(const struct machine *m, const struct sock_filter *i)
{
    switch (BPF_MODE(i->code)) {
    case BPF_ABS:
        return ((const uint32_t *)m->data)[i->k / sizeof(uint32_t)];
    case BPF_MEM:
        return m->mem[i->k];
    case BPF_LEN:
        return sizeof(*m->data);
    default:
        return i->k;
    }
}

/* Division by x = 0 ends the program, as in BPF: so the answer is 0, which is
 * the strictest. */
static bool
compute(struct machine *m, uint16_t code, uint32_t v)
{
    switch (BPF_OP(code)) {
    case BPF_ADD:
        m->a += v;
        break;
    case BPF_SUB:
        m->a -= v;
        break;
    case BPF_MUL:
        m->a *= v;
        break;
    case BPF_DIV:
        if (v == 0)
            return false;
        m->a /= v;
        break;
    case BPF_OR:
        m->a |= v;
        break;
    case BPF_AND:
        m->a &= v;
        break;
    case BPF_LSH:
        m->a <<= v & 31;
        break;
    case BPF_RSH:
        m->a >>= v & 31;
        break;
    case BPF_XOR:
        m->a ^= v;
        break;
    default:
        m->a = -m->a;
    }
    return true;
}

/* How many instructions to leave out. */
static uint32_t
jump(const struct machine *m, const struct sock_filter *i, uint32_t v)
{
    bool holds = false;
    switch (BPF_OP(i->code)) {
    case BPF_JA:
        return i->k;
    case BPF_JEQ:
        holds = m->a == v;
        break;
    case BPF_JGT:
        holds = m->a > v;
        break;
    case BPF_JGE:
        holds = m->a >= v;
        break;
    case BPF_JSET:
        holds = m->a & v;
        break;
    }
    return holds ? i->jt : i->jf;
}

static uint32_t
run(const struct filter *filter, const struct seccomp_data *data)
{
    struct machine m = {.data = data};
    for (const struct sock_filter *i = filter->code;; i++) {
        uint32_t v = i->code & BPF_X ? m.x : i->k;
        switch (BPF_CLASS(i->code)) {
        case BPF_LD:
            m.a = load(&m, i);
            break;
        case BPF_LDX:
            m.x = load(&m, i);
            break;
        case BPF_ST:
            m.mem[i->k] = m.a;
            break;
        case BPF_STX:
            m.mem[i->k] = m.x;
            break;
        case BPF_ALU:
            if (!compute(&m, i->code, v))
                return 0;
            break;
        case BPF_JMP:
            i += jump(&m, i, v);
            break;
        case BPF_RET:
            return i->code & BPF_A ? m.a : i->k;
        default:
            if (i->code == (BPF_MISC | BPF_TAX))
                m.x = m.a;
            else
                m.a = m.x;
        }
    }
}

uint32_t
filter_ask(const struct filter *filter, const struct seccomp_data *data)
{
    uint32_t strictest = SECCOMP_RET_ALLOW;
    for (; filter; filter = filter->before) {
        uint32_t answer = run(filter, data);
        /* Actions are in order as signed numbers. */
        if ((int32_t)(answer & SECCOMP_RET_ACTION_FULL) <
            (int32_t)(strictest & SECCOMP_RET_ACTION_FULL))
            strictest = answer;
    }
    return strictest;
}
