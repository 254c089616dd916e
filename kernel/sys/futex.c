/* System calls that put threads to sleep on words of their memory. */
#include "proc/futex.h"
#include "abi/futex.h"
#include "arch/clock.h"
#include "dev/rtc.h"
#include "proc/signal.h"
#include "sys/sys.h"
#include "sys/timearg.h"

/* ---- futex ---- */

/* The deadline of a wait: FUTEX_WAIT has a span of time, FUTEX_WAIT_BITSET a
 * moment of the monotonic clock or of the wall's. */
static int
read_deadline(uint64_t user, unsigned op, bool relative, uint64_t *deadline)
{
    *deadline = WAIT_FOREVER;
    int error = user ? timespec_arg_read(user, deadline) : 0;
    if (error != 0 || user == 0)
        return error;
    if (relative)
        *deadline = signal_wait_begin(*deadline);
    else if (op & FUTEX_CLOCK_REALTIME)
        *deadline =
            clock_now_ns() + MAX((int64_t)*deadline - rtc_now_ns(), (int64_t)0);
    return 0;
}

static int
wait(struct futex_word word, unsigned op, bool relative, uint32_t bitset,
     const uint64_t arg[6])
{
    uint64_t deadline;
    if (bitset == 0)
        return -EINVAL;
    int error = read_deadline(arg[3], op, relative, &deadline);
    if (error != 0)
        return error;
    error = futex_wait(word, (uint32_t)arg[2], bitset, deadline);
    return arg[3] ? signal_wait_end(error, deadline) : error;
}

/* Sign-extends the low 12 bits. */
static int32_t
signed12(uint32_t value)
{
    return (int32_t)(value << 20) >> 20;
}

static uint32_t
operate(unsigned op, uint32_t old, uint32_t operand)
{
    switch (op) {
    case FUTEX_OP_SET:
        return operand;
    case FUTEX_OP_ADD:
        return old + operand;
    case FUTEX_OP_OR:
        return old | operand;
    case FUTEX_OP_ANDN:
        return old & ~operand;
    default: /* FUTEX_OP_XOR */
        return old ^ operand;
    }
}

/* Each comparison is true for some of less, equal and greater: 1, 2 and 4. */
static bool
compare(unsigned op, int32_t old, int32_t with)
{
    static const uint8_t true_for[] = {
        [FUTEX_OP_CMP_EQ] = 2, [FUTEX_OP_CMP_NE] = 1 | 4,
        [FUTEX_OP_CMP_LT] = 1, [FUTEX_OP_CMP_LE] = 1 | 2,
        [FUTEX_OP_CMP_GT] = 4, [FUTEX_OP_CMP_GE] = 2 | 4,
    };
    unsigned is = old < with ? 1 : old == with ? 2 : 4;
    return true_for[op] & is;
}

/* Changes word `to` as the code says, wakes nwake who wait for `from`, and, if
 * what was in `to` compares, nwake_to who wait for that. */
static int
wake_op(struct futex_word from, struct futex_word to, uint32_t nwake,
        uint32_t nwake_to, uint32_t code)
{
    unsigned op = code >> 28 & 7, cmp = code >> 24 & 15;
    uint32_t operand = (uint32_t)signed12(code >> 12), old;
    if (op > FUTEX_OP_XOR || cmp > FUTEX_OP_CMP_GE)
        return -ENOSYS;
    if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
        operand = 1u << (operand & 31);
    int error = uaccess_read(&old, to.at, sizeof(old)) ?: -EAGAIN;
    while (error == -EAGAIN)
        error = uaccess_exchange(to.at, &old, operate(op, old, operand));
    if (error != 0)
        return error;
    int woken = futex_wake(from, nwake, FUTEX_BITSET_ANY);
    if (woken >= 0 && compare(cmp, (int32_t)old, signed12(code)))
        woken += futex_wake(to, nwake_to, FUTEX_BITSET_ANY);
    return woken;
}

/* At least one is woken, whatever the number is, as on Linux. */
static uint32_t
wake_count(uint64_t n)
{
    return (uint32_t)MAX((int32_t)n, 1);
}

static int
requeue(struct futex_word from, struct futex_word to, const uint64_t arg[6],
        const uint32_t *expected)
{
    int32_t nwake = (int32_t)arg[2], nmove = (int32_t)arg[3];
    if (nwake < 0 || nmove < 0)
        return -EINVAL;
    return futex_requeue(from, to, (uint32_t)nwake, (uint32_t)nmove, expected);
}

SYSCALL_DEFINE(futex)
{
    unsigned op = (unsigned)arg[1];
    unsigned command = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    bool shared = !(op & FUTEX_PRIVATE_FLAG);
    struct futex_word word = {uaddr(arg[0]), shared};
    struct futex_word other = {uaddr(arg[4]), shared};
    uint32_t last = (uint32_t)arg[5];
    bool has_other = command >= FUTEX_REQUEUE && command <= FUTEX_WAKE_OP;

    if (op & FUTEX_CLOCK_REALTIME && command != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    if (arg[0] % 4 != 0 || (has_other && arg[4] % 4 != 0))
        return -EINVAL;
    switch (command) {
    case FUTEX_WAIT:
        return wait(word, op, true, FUTEX_BITSET_ANY, arg);
    case FUTEX_WAIT_BITSET:
        return wait(word, op, false, last, arg);
    case FUTEX_WAKE:
        return futex_wake(word, wake_count(arg[2]), FUTEX_BITSET_ANY);
    case FUTEX_WAKE_BITSET:
        return last ? futex_wake(word, wake_count(arg[2]), last) : -EINVAL;
    case FUTEX_REQUEUE:
        return requeue(word, other, arg, NULL);
    case FUTEX_CMP_REQUEUE:
        return requeue(word, other, arg, &last);
    case FUTEX_WAKE_OP:
        return wake_op(word, other, wake_count(arg[2]), wake_count(arg[3]),
                       last);
    default: /* priority inheritance, and what is long gone */
        return -ENOSYS;
    }
}

/* ---- Robust lists ---- */

SYSCALL_DEFINE(set_robust_list)
{
    if (arg[1] != sizeof(struct robust_list_head))
        return -EINVAL;
    thread_current()->robust_list = arg[0];
    return 0;
}

SYSCALL_DEFINE(get_robust_list)
{
    uint64_t list = 0, size = sizeof(struct robust_list_head);
    int error = -ESRCH;
    spin_lock(&process_lock);
    const struct thread *t =
        (int)arg[0] ? thread_find_locked((int)arg[0]) : thread_current();
    if (t)
        error = cred_may_inspect(t->process) ? 0 : -EPERM;
    if (error == 0)
        list = t->robust_list;
    spin_unlock(&process_lock);
    error = error ?: arg_write(arg[2], &size);
    return error ?: arg_write(arg[1], &list);
}
