/* Does with memory what /plan says, and leaves in /out what it found there.
 *
 * The file /in is mapped twice: shared, and privately; beside them there is
 * fresh memory. The plan has 16 bytes for each thing to do: what, where, and a
 * value. A child does the rest of its own, up to the operation that ends it,
 * while its parent waits. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_BYTES (64u * 4096u)

enum what { WRITE, READ, FORK, END, READ_FILE };

struct step {
    uint8_t what, memory, pad_[2];
    uint32_t offset;
    uint64_t value;
};

static struct step plan[1024];
static uint8_t *memories[3]; /* shared, private, fresh */
static int in, out;

static void
must(bool good, int status)
{
    if (!good)
        _exit(status);
}

static void
put(uint64_t value)
{
    must(write(out, &value, sizeof(value)) == sizeof(value), 2);
}

static uint64_t
read_file(uint32_t offset)
{
    uint64_t value;
    must(pread(in, &value, sizeof(value), (off_t)offset) == sizeof(value), 3);
    return value;
}

/* Returns behind the last step. A child's are those up to its END. */
static size_t
follow(size_t at, size_t steps, bool is_child)
{
    for (; at < steps; at++) {
        const struct step *s = &plan[at];
        volatile uint64_t *word = (void *)(memories[s->memory] + s->offset);
        int status;
        if (s->what == WRITE)
            *word = s->value;
        else if (s->what == READ)
            put(*word);
        else if (s->what == READ_FILE)
            put(read_file(s->offset));
        else if (s->what == END)
            must(!is_child, 0);
        else if (s->what == FORK) {
            pid_t pid = fork();
            if (pid == 0)
                follow(at + 1, steps, true);
            must(waitpid(pid, &status, 0) == pid && status == 0, 4);
            while (plan[at].what != END)
                at++;
        }
    }
    return at;
}

int
main(void)
{
    int file = open("/plan", O_RDONLY);
    ssize_t n = read(file, plan, sizeof(plan));
    in = open("/in", O_RDWR);
    out = open("/out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    must(n > 0 && in >= 0 && out >= 0, 5);
    memories[0] =
        mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, in, 0);
    memories[1] =
        mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, in, 0);
    memories[2] = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < 3; i++)
        must(memories[i] != MAP_FAILED, 6);
    follow(0, (size_t)n / sizeof(plan[0]), false);
    must(syscall(SYS_msync, memories[0], FILE_BYTES, MS_SYNC) == 0, 7);
    must(fsync(in) == 0 && fsync(out) == 0, 8);
    return 0;
}
