#include "grade.h"
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/sbi.h"
#include "arch/trap.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "sys/startup.h"

/* grading/unit.py knows these sizes and layouts. */
#define QUESTIONS_SIZE (1ul << 20)
#define ANSWERS_SIZE   (1ul << 20)
#define PIECE_HEADER   8 /* kind, length; the content is padded to 8 bytes */

enum piece {
    PIECE_U8 = 1,
    PIECE_U16,
    PIECE_U32,
    PIECE_U64,
    PIECE_BYTES,
    PIECE_STRING, /* its terminator counts */
};

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

/* ---- Pieces ---- */

static const uint8_t *
take(struct grade *g, enum piece kind, uint32_t *len)
{
    uint32_t header[2];
    if (g->in_end - g->in < PIECE_HEADER)
        panic("grade: the question has no more pieces");
    memcpy(header, g->in, sizeof(header));
    if (header[0] != kind)
        panic("grade: the next piece is of kind %u, not %u", header[0], kind);
    const uint8_t *content = g->in + PIECE_HEADER;
    *len = header[1];
    g->in = content + ALIGN_UP((uint64_t)header[1], 8);
    return content;
}

static uint64_t
take_number(struct grade *g, enum piece kind)
{
    uint32_t len;
    uint64_t value;
    memcpy(&value, take(g, kind, &len), sizeof(value));
    return value;
}

static void
put(struct grade *g, enum piece kind, const void *content, size_t len)
{
    uint32_t header[2] = {kind, (uint32_t)len};
    size_t padded = ALIGN_UP(len, 8);
    if ((size_t)(g->out_end - g->out) < PIECE_HEADER + padded)
        panic("grade: the answer is too long");
    memcpy(g->out, header, sizeof(header));
    memcpy(g->out + PIECE_HEADER, content, len);
    g->out += PIECE_HEADER + padded;
}

uint8_t
grade_u8(struct grade *g)
{
    return (uint8_t)take_number(g, PIECE_U8);
}

uint16_t
grade_u16(struct grade *g)
{
    return (uint16_t)take_number(g, PIECE_U16);
}

uint32_t
grade_u32(struct grade *g)
{
    return (uint32_t)take_number(g, PIECE_U32);
}

uint64_t
grade_u64(struct grade *g)
{
    return take_number(g, PIECE_U64);
}

void *
grade_bytes(struct grade *g, size_t *len)
{
    uint32_t n;
    const uint8_t *content = take(g, PIECE_BYTES, &n);
    *len = n;
    return (void *)(uintptr_t)content;
}

const char *
grade_string(struct grade *g)
{
    uint32_t len;
    return (const char *)take(g, PIECE_STRING, &len);
}

void
grade_put_u8(struct grade *g, uint8_t value)
{
    put(g, PIECE_U8, &value, sizeof(value));
}

void
grade_put_u16(struct grade *g, uint16_t value)
{
    put(g, PIECE_U16, &value, sizeof(value));
}

void
grade_put_u32(struct grade *g, uint32_t value)
{
    put(g, PIECE_U32, &value, sizeof(value));
}

void
grade_put_u64(struct grade *g, uint64_t value)
{
    put(g, PIECE_U64, &value, sizeof(value));
}

void
grade_put_bytes(struct grade *g, const void *bytes, size_t len)
{
    put(g, PIECE_BYTES, bytes, len);
}

void
grade_put_string(struct grade *g, const char *string)
{
    put(g, PIECE_STRING, string, strlen(string) + 1);
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
    trap_print_backtrace((uint64_t)__builtin_return_address(0),
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
