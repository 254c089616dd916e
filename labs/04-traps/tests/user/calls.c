/* Makes the system calls that /script lists, and writes to /results what came
 * of each. Before a call every register but sp has a value of its own; what
 * they hold afterwards is written, too. tests/_calls.py knows the layout.
 * Arguments that are pointers point into memory at BUFFER, which begins as
 * /buffer says and is written back in the end. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFER  0x20000000ul
#define BYTES   0x20000ul
#define SCRIPT  512u /* calls */
#define RESULTS (SCRIPT * 32)

struct call {
    uint64_t number, args[6];
    uint64_t key;
};

/* What call_with loads and stores; it finds it by sp alone. */
struct registers {
    uint64_t before[32], after[32];
    uint64_t sp;
};

void call_with(struct registers *r);

/* before[n] goes into xn, then ecall, then xn into after[n]. */
__asm__(".text\n"
        ".globl call_with\n"
        "call_with:\n"
        "    addi sp, sp, -128\n"
        "    sd ra, 0(sp); sd gp, 8(sp); sd tp, 16(sp)\n"
        "    sd s0, 24(sp); sd s1, 32(sp); sd s2, 40(sp); sd s3, 48(sp)\n"
        "    sd s4, 56(sp); sd s5, 64(sp); sd s6, 72(sp); sd s7, 80(sp)\n"
        "    sd s8, 88(sp); sd s9, 96(sp); sd s10, 104(sp); sd s11, 112(sp)\n"
        "    sd sp, 512(a0)\n"
        "    mv sp, a0\n"
        "    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,"
        "23,24,25,26,27,28,29,30,31\n"
        "    ld x\\n, 8 * \\n(sp)\n"
        "    .endr\n"
        "    ecall\n"
        "    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,"
        "23,24,25,26,27,28,29,30,31\n"
        "    sd x\\n, 256 + 8 * \\n(sp)\n"
        "    .endr\n"
        "    ld sp, 512(sp)\n"
        "    ld ra, 0(sp); ld gp, 8(sp); ld tp, 16(sp)\n"
        "    ld s0, 24(sp); ld s1, 32(sp); ld s2, 40(sp); ld s3, 48(sp)\n"
        "    ld s4, 56(sp); ld s5, 64(sp); ld s6, 72(sp); ld s7, 80(sp)\n"
        "    ld s8, 88(sp); ld s9, 96(sp); ld s10, 104(sp); ld s11, 112(sp)\n"
        "    addi sp, sp, 128\n"
        "    ret\n");

static struct call script[SCRIPT];
static uint64_t results[RESULTS];
static struct registers registers;

static void
make(const struct call *call, uint64_t *result)
{
    for (uint64_t n = 1; n < 32; n++)
        registers.before[n] = call->key * (2 * n + 1);
    for (unsigned i = 0; i < 6; i++)
        registers.before[10 + i] = call->args[i];
    registers.before[17] = call->number;
    call_with(&registers);
    for (unsigned n = 0; n < 32; n++)
        result[n] = registers.after[n];
}

static long
load(const char *path, void *to, size_t size)
{
    int file = open(path, O_RDONLY, 0);
    long n = file < 0 ? -1 : read(file, to, size);
    close(file);
    return n;
}

static int
save(const char *path, const void *from, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, from, size) != (long)size)
        return 1;
    return fsync(file) != 0 || close(file) != 0;
}

int
main(void)
{
    char *buffer = mmap((void *)BUFFER, BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (buffer != (char *)BUFFER || load("/buffer", buffer, BYTES) < 0)
        return 1;
    long n = load("/script", script, sizeof(script));
    if (n < 0)
        return 2;
    n /= (long)sizeof(script[0]);
    for (long i = 0; i < n; i++)
        make(&script[i], &results[32 * i]);
    if (save("/results", results, (size_t)n * 256) != 0)
        return 3;
    return save("/after", buffer, BYTES) != 0 ? 4 : 0;
}
