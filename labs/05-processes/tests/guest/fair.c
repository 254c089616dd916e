/* Fair queues by themselves, before anything else in the kernel runs. */
#include "grade.h"
#include "lib/string.h"
#include "proc/fair.h"

GRADE_ENTRY(GRADE_AT_KMAIN);

#define SHARES 64u
#define NOBODY 255u

static struct fair_queue queue;
static struct fair_share shares[SHARES];

static uint8_t
number_of(const struct fair_share *share)
{
    return share ? (uint8_t)(share - shares) : NOBODY;
}

/* Carries out an operation on a share; returns whom it found. */
static const struct fair_share *
carry_out(char op, struct fair_share *share, uint64_t number)
{
    if (op == 'p') {
        share->time = number;
        fair_put(&queue, share);
    } else if (op == 'r') {
        fair_remove(&queue, share);
    } else if (op == 'g') {
        share->time = number;
        fair_forgive(&queue, share);
    } else if (op == 'F') {
        queue.floor = number;
    } else if (op == 't') {
        return fair_take_first(&queue);
    } else if (op == 'f') {
        return fair_first(&queue);
    } else if (op == 'l') {
        return fair_last(&queue, NULL);
    } else if (op == 'b') {
        return fair_last(&queue, share);
    }
    return NULL;
}

/* Operations, one letter each, with a share and a number; after each: whom it
 * found, the share's time and whether it is queued, the queue's count and
 * floor. */
static void
script(struct grade *g)
{
    memset(&queue, 0, sizeof(queue));
    memset(shares, 0, sizeof(shares));
    for (const char *op = grade_string(g); *op; op++) {
        struct fair_share *share = &shares[grade_u8(g) % SHARES];
        uint64_t number = grade_u64(g);
        grade_put_u8(g, number_of(carry_out(*op, share, number)));
        grade_put_u64(g, share->time);
        grade_put_u8(g, share->queued);
        grade_put_u32(g, queue.count);
        grade_put_u64(g, queue.floor);
    }
}

/* The weights of all nice values. */
static void
weights(struct grade *g)
{
    for (int nice = -20; nice < 20; nice++)
        grade_put_u32(g, fair_weight(nice));
}

/* A hart: whoever's turn it is has it for a slice, so many times. The last
 * share sleeps in the middle of it, and comes back: puts what each had, how
 * many others ran before the sleeper did again, and how often it ran in the
 * `window` slices after its sleep. */
static void
hart(struct grade *g)
{
    unsigned n = grade_u8(g) % SHARES;
    uint64_t had[SHARES] = {0}, slice;
    memset(&queue, 0, sizeof(queue));
    memset(shares, 0, sizeof(shares));
    queue.floor = FAIR_CREDIT_NS;
    for (unsigned i = 0; i < n; i++) {
        shares[i].weight = fair_weight((int)grade_u8(g) - 20);
        shares[i].time = queue.floor;
    }
    slice = grade_u64(g);
    unsigned rounds = grade_u32(g), falls_asleep = grade_u32(g);
    unsigned wakes_up = grade_u32(g), window = grade_u32(g);
    unsigned before = 0, after = 0;
    struct fair_share *sleeper = &shares[n - 1];
    for (unsigned i = 0; i < n; i++)
        fair_put(&queue, &shares[i]);
    for (unsigned r = 0; r < rounds; r++) {
        if (r == falls_asleep)
            fair_remove(&queue, sleeper);
        if (r == wakes_up) {
            fair_forgive(&queue, sleeper);
            fair_put(&queue, sleeper);
        }
        struct fair_share *next = fair_take_first(&queue);
        if (!next)
            break;
        had[next - shares] += slice;
        if (r >= wakes_up && r - wakes_up < window)
            after += next == sleeper;
        before += r >= wakes_up && after == 0;
        next->time += fair_scale(next, slice);
        fair_put(&queue, next);
    }
    for (unsigned i = 0; i < n; i++)
        grade_put_u64(g, had[i]);
    grade_put_u32(g, before);
    grade_put_u32(g, after);
}

GRADE_CASES({"script", script}, {"weights", weights}, {"hart", hart});
