#include "grade.h"
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/report.h"
#include "arch/sbi.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "sys/startup.h"

/* grading/unit.py knows these sizes and layouts. */
#define QUESTIONS_SIZE (1ul << 20)
#define ANSWERS_SIZE   (1ul << 20)

/* Written into the image's file: how many, then for each question its length
 * and its pieces, the first of them the name of the case. */
extern uint8_t grade_questions[];
uint8_t grade_questions[QUESTIONS_SIZE] ALIGNED(4096)
    __attribute__((section(".data.grade")));

/* Read out of memory when the machine has stopped, wherever it was. */
static struct {
    uint32_t begun;                /* questions, the last one's included */
    uint32_t done;                 /* answers that are complete */
    uint64_t end;                  /* bytes of content in use */
    uint8_t content[ANSWERS_SIZE]; /* for each answer its length, its pieces */
} grade_answers ALIGNED(4096);

uint64_t grade_hartid, grade_fdt_pa;

void
grade_differs(const char *what)
{
    panic("grade: %s", what);
}

/* ---- The run ---- */

/* The grader stops the machine where these begin. */
NOINLINE void grade_next(void);
NORETURN NOINLINE void grade_done(void);
NORETURN NOINLINE void grade_panicked(void);

void
grade_next(void)
{
    __asm__ volatile("");
}

void
grade_done(void)
{
    for (;;)
        cpu_wait_for_interrupt();
}

void
grade_panicked(void)
{
    for (;;)
        cpu_relax();
}

static void
answer(struct grade *g)
{
    const char *name = grade_string(g);
    for (const struct grade_case *c = grade_cases; c->name; c++)
        if (strcmp(c->name, name) == 0) {
            c->run(g);
            return;
        }
    panic("grade: there is no case %s", name);
}

static NORETURN void
answer_all(void)
{
    const uint8_t *question = grade_questions;
    uint64_t count, length;
    memcpy(&count, question, sizeof(count));
    question += sizeof(count);
    if (grade_setup)
        grade_setup();
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *out = grade_answers.content + grade_answers.end;
        memcpy(&length, question, sizeof(length));
        question += sizeof(length);
        struct grade g = {
            .in = question,
            .in_end = question + length,
            .out = out + sizeof(length),
            .out_end = grade_answers.content + ANSWERS_SIZE,
        };
        grade_next();
        WRITE_ONCE(grade_answers.begun, i + 1);
        answer(&g);
        question += length;
        length = (uint64_t)(g.out - out) - sizeof(length);
        memcpy(out, &length, sizeof(length));
        grade_answers.end = (uint64_t)(g.out - grade_answers.content);
        WRITE_ONCE(grade_answers.done, i + 1);
    }
    grade_done();
}

static void
describe_panic(void)
{
    report_backtrace((uint64_t)__builtin_return_address(0),
                     ((uint64_t *)__builtin_frame_address(0))[-2]);
}

/* The linker sends calls of kmain and startup here (--wrap). */
NORETURN void __real_kmain(uint64_t hartid, uint64_t fdt_pa, uint64_t instret);
NORETURN void __wrap_kmain(uint64_t hartid, uint64_t fdt_pa, uint64_t instret);
NORETURN void __wrap_startup(void *instret);

void
__wrap_kmain(uint64_t hartid, uint64_t fdt_pa, uint64_t instret)
{
    grade_hartid = hartid;
    grade_fdt_pa = fdt_pa;
    if (grade_entry != GRADE_AT_KMAIN)
        __real_kmain(hartid, fdt_pa, instret);
    boot_thread.cpu = cpu_add(hartid);
    print_hooks.put = sbi_console_write;
    panic_hooks = (struct panic_hooks){
        .describe = describe_panic,
        .end = grade_panicked,
    };
    sbi_init();
    answer_all();
}

void
__wrap_startup(void *instret)
{
    (void)instret;
    panic_hooks.end = grade_panicked;
    answer_all();
}
