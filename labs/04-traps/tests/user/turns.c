/* Two processes on one hart that take turns without ever calling the kernel: a
 * loop waits for a word of memory which the other one writes. While it waits,
 * all registers but sp and t0 hold values of /keys; what they hold afterwards
 * goes to /registers. tests/s7_machine.py knows the layout. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS 4u

struct turn {
    uint64_t x[32], f[32];
    uint64_t x_after[32], f_after[32];
    uint64_t sp;            /* at 1024 */
    uint64_t mine, *others; /* at 1032, 1040: the words waited for */
};

void take_turn(struct turn *turn);

__asm__(
    ".text\n"
    ".globl take_turn\n"
    "take_turn:\n"
    "    addi sp, sp, -224\n"
    "    sd ra, 0(sp); sd gp, 8(sp); sd tp, 16(sp)\n"
    "    sd s0, 24(sp); sd s1, 32(sp); sd s2, 40(sp); sd s3, 48(sp)\n"
    "    sd s4, 56(sp); sd s5, 64(sp); sd s6, 72(sp); sd s7, 80(sp)\n"
    "    sd s8, 88(sp); sd s9, 96(sp); sd s10, 104(sp); sd s11, 112(sp)\n"
    "    fsd fs0, 120(sp); fsd fs1, 128(sp); fsd fs2, 136(sp)\n"
    "    fsd fs3, 144(sp); fsd fs4, 152(sp); fsd fs5, 160(sp)\n"
    "    fsd fs6, 168(sp); fsd fs7, 176(sp); fsd fs8, 184(sp)\n"
    "    fsd fs9, 192(sp); fsd fs10, 200(sp); fsd fs11, 208(sp)\n"
    "    sd sp, 1024(a0)\n"
    "    mv sp, a0\n"
    "    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,"
    "23,24,25,26,27,28,29,30,31\n"
    "    fld f\\n, 256 + 8 * \\n(sp)\n"
    "    .endr\n"
    "    ld t0, 1040(sp)\n"
    "    li t1, 1\n"
    "    fence rw, w\n"
    "    sd t1, 0(t0)\n"
    "    .irp n, 1,3,4,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,"
    "23,24,25,26,27,28,29,30,31\n"
    "    ld x\\n, 8 * \\n(sp)\n"
    "    .endr\n"
    "1:  ld t0, 1032(sp)\n"
    "    beqz t0, 1b\n"
    "    .irp n, 1,3,4,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,"
    "23,24,25,26,27,28,29,30,31\n"
    "    sd x\\n, 512 + 8 * \\n(sp)\n"
    "    .endr\n"
    "    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,"
    "23,24,25,26,27,28,29,30,31\n"
    "    fsd f\\n, 768 + 8 * \\n(sp)\n"
    "    .endr\n"
    "    ld sp, 1024(sp)\n"
    "    ld ra, 0(sp); ld gp, 8(sp); ld tp, 16(sp)\n"
    "    ld s0, 24(sp); ld s1, 32(sp); ld s2, 40(sp); ld s3, 48(sp)\n"
    "    ld s4, 56(sp); ld s5, 64(sp); ld s6, 72(sp); ld s7, 80(sp)\n"
    "    ld s8, 88(sp); ld s9, 96(sp); ld s10, 104(sp); ld s11, 112(sp)\n"
    "    fld fs0, 120(sp); fld fs1, 128(sp); fld fs2, 136(sp)\n"
    "    fld fs3, 144(sp); fld fs4, 152(sp); fld fs5, 160(sp)\n"
    "    fld fs6, 168(sp); fld fs7, 176(sp); fld fs8, 184(sp)\n"
    "    fld fs9, 192(sp); fld fs10, 200(sp); fld fs11, 208(sp)\n"
    "    addi sp, sp, 224\n"
    "    ret\n");

/* Two turns of each process: a word that was set is consumed by the next. */
static struct turn *turns;

static void
play(unsigned self, int out, uint64_t key)
{
    for (unsigned round = 0; round < TURNS; round++) {
        struct turn *t = &turns[2 * round + self];
        for (uint64_t n = 0; n < 32; n++) {
            t->x[n] = key * (2 * n + 1 + 64 * round);
            t->f[n] = key ^ (n + 1) * 0x0123456789abcdeful;
        }
        t->others = &turns[2 * round + 1 - self].mine;
        take_turn(t);
        if (write(out, t->x_after, 512) != 512)
            _exit(5);
    }
}

static int
save_as(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
}

int
main(void)
{
    uint64_t keys[2];
    int status, in = open("/keys", O_RDONLY, 0);
    int first = save_as("/registers0"), second = save_as("/registers1");
    if (in < 0 || read(in, keys, sizeof(keys)) != sizeof(keys))
        return 1;
    turns = mmap(NULL, 16384, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (first < 0 || second < 0 || turns == MAP_FAILED)
        return 2;
    for (unsigned i = 0; i < sizeof(*turns) * 2 * TURNS; i += 4096)
        ((volatile char *)turns)[i] = 0;
    pid_t pid = fork();
    if (pid == 0) {
        play(1, second, keys[1]);
        _exit(0);
    }
    if (pid < 0)
        return 3;
    play(0, first, keys[0]);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        return 4;
    return fsync(first) == 0 && fsync(second) == 0 ? 0 : 6;
}
