/* Questions from outside, answered inside the guest.
 *
 * A test program of a lab is linked with the kernel, the student's files among
 * them, and runs in kmain's place or when the kernel has started; one in user/
 * is a program that runs in init's place. The grader writes questions into the
 * image before the machine is switched on, and reads the answers out of its
 * memory or off its disk; nothing here knows which answer is right.
 *
 *     #include "grade.h"
 *     GRADE_ENTRY(GRADE_AT_KMAIN);
 *     static void
 *     add(struct grade *g)
 *     {
 *         grade_put_u32(g, grade_u32(g) + grade_u32(g));
 *     }
 *     GRADE_CASES({"add", add});
 *
 * One hart, thread or boot context; a case that panics, faults or hangs costs
 * only itself: the grader boots again for those behind it. A program has no
 * GRADE_ENTRY, and a process for each question (grading/guest/program.c). */
#pragma once

#include "lib/compiler.h"

enum grade_entry {
    GRADE_AT_KMAIN,   /* in kmain's place: address translation as boot_map
                       * left it, boot stack, no thread, nothing initialised;
                       * print works, panic is reported */
    GRADE_AT_STARTUP, /* in startup's place: harts, interrupts, slabs and
                       * threads are there, no driver has been probed */
};

/* One question and its answer, while a case runs. */
struct grade {
    /* private to grade.c */
    const uint8_t *in, *in_end;
    uint8_t *out, *out_end;
};

struct grade_case {
    const char *name;
    void (*run)(struct grade *g);
};

/* What a test program defines; one of user/ only the cases. */
extern const enum grade_entry grade_entry;
extern const struct grade_case grade_cases[]; /* ends with {NULL} */
#define GRADE_ENTRY(at) const enum grade_entry grade_entry = (at)
#define GRADE_CASES(...) \
    const struct grade_case grade_cases[] = {__VA_ARGS__, {NULL, NULL}}

/* And may define: run once, before the first case of a boot. */
extern void (*const grade_setup)(void);
#define GRADE_SETUP(f) void (*const grade_setup)(void) = (f)

/* What kmain was called with. */
extern uint64_t grade_hartid, grade_fdt_pa;

/* The next piece of the question, in the order in which pack() put them.
 * Panics if it is of another kind or there is none: test and program differ. */
uint8_t grade_u8(struct grade *g);
uint16_t grade_u16(struct grade *g);
uint32_t grade_u32(struct grade *g);
uint64_t grade_u64(struct grade *g);

/* Bytes stay where they are until the machine ends; they may be written to.
 * They lie at a multiple of 8. */
void *grade_bytes(struct grade *g, size_t *len);

/* Terminated. */
const char *grade_string(struct grade *g);

/* Add a piece to the answer. Panics if it does not fit any more. */
void grade_put_u8(struct grade *g, uint8_t value);
void grade_put_u16(struct grade *g, uint16_t value);
void grade_put_u32(struct grade *g, uint32_t value);
void grade_put_u64(struct grade *g, uint64_t value);
void grade_put_bytes(struct grade *g, const void *bytes, size_t len);
void grade_put_string(struct grade *g, const char *string);

/* In a program: the answer is complete, the process ends. For code that never
 * returns, such as what ends the machine. */
NORETURN void grade_end(struct grade *g);

/* Test and program differ; what says in what. */
NORETURN void grade_differs(const char *what);
