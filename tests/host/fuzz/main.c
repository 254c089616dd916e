/* What stands in for libFuzzer in `make test`, where there may be none: runs a
 * target over its corpus, and then over inputs made of that, always the same.
 *
 *     fuzz_TARGET RUNS SEED FILE-OR-FOLDER...
 *
 * What does not look at coverage finds little that is new; this is to keep what
 * was found from coming back. An input that fails is left as crash-fuzz_TARGET
 * in the current folder. */
#include "fuzz.h"

#include <dirent.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUTS_MAX 4096u
#define SIZE_MAX_  65536u

#pragma weak LLVMFuzzerInitialize
#pragma weak LLVMFuzzerCustomMutator

struct input {
    uint8_t *data;
    size_t size;
};

static struct input inputs[INPUTS_MAX];
static size_t ninputs;
static struct input current;
static const char *program;
static uint64_t state;

const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "handle_abort=1:quarantine_size_mb=4:malloc_context_size=8";
}

static void
keep_input(void)
{
    char path[256];
    const char *name = strrchr(program, '/');

    if (!current.data)
        return;
    snprintf(path, sizeof(path), "crash-%s", name ? name + 1 : program);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(current.data, 1, current.size, file) != current.size ||
        fclose(file) != 0)
        perror(path);
    else
        fprintf(stderr, "the input is in %s: %s 0 1 %s\n", path, program, path);
    current.data = NULL;
}

/* xorshift64*; the state is never 0. */
static size_t
below(size_t limit)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * 0x2545f4914f6cdd1d) >> 32) % limit;
}

/* ---- The corpus ---- */

static void
add_file(const char *path, size_t size)
{
    struct input *one = &inputs[ninputs];
    FILE *file = fopen(path, "rb");

    size = size < SIZE_MAX_ ? size : SIZE_MAX_;
    if (!file || ninputs == INPUTS_MAX || !(one->data = malloc(size + 1))) {
        perror(path);
        exit(2);
    }
    one->size = fread(one->data, 1, size, file);
    fclose(file);
    ninputs++;
}

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void
add(const char *path)
{
    struct stat st;
    struct dirent **names;

    if (stat(path, &st) != 0) {
        perror(path);
        exit(2);
    }
    if (!S_ISDIR(st.st_mode)) {
        add_file(path, (size_t)st.st_size);
        return;
    }
    int n = scandir(path, &names, is_visible, alphasort);
    for (int i = 0; i < n; i++) {
        char inside[4096];
        snprintf(inside, sizeof(inside), "%s/%s", path, names[i]->d_name);
        add(inside);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

/* ---- Changes ---- */

/* Numbers that matter more often than others. */
static const uint8_t odd[] = {0,    1,    2,    3,   4,    7,    8,
                              9,    10,   '/',  32,  '.',  0x7f, 0x80,
                              0xff, 0xfe, '\n', '"', '\\', '='};

size_t
LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most)
{
    size_t at = size ? below(size) : 0, n = 1 + below(8);

    switch (below(7)) {
    case 0: /* one bit */
        if (size)
            data[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1:
        if (size)
            data[at] = (uint8_t)below(256);
        break;
    case 2:
        if (size)
            data[at] = odd[below(sizeof(odd))];
        break;
    case 3: /* put in */
        n = n < most - size ? n : most - size;
        memmove(data + at + n, data + at, size - at);
        for (size_t i = 0; i < n; i++)
            data[at + i] =
                (uint8_t)(below(2) ? below(256) : odd[below(sizeof(odd))]);
        size += n;
        break;
    case 4: /* take away */
        n = n < size - at ? n : size - at;
        memmove(data + at, data + at + n, size - at - n);
        size -= n;
        break;
    case 5: /* a piece of itself */
        if (size) {
            size_t from = below(size);
            n = n < size - from ? n : size - from;
            n = n < size - at ? n : size - at;
            memmove(data + at, data + from, n);
        }
        break;
    case 6: /* a piece of another */
        if (size && ninputs) {
            const struct input *other = &inputs[below(ninputs)];
            size_t from = other->size ? below(other->size) : 0;
            n = 4 * n < other->size - from ? 4 * n : other->size - from;
            n = n < size - at ? n : size - at;
            memcpy(data + at, other->data + from, n);
        }
        break;
    }
    return size;
}

static void
run_one(const uint8_t *data, size_t size)
{
    /* Of its own size, so that a read behind the end is seen. */
    uint8_t *copy = malloc(size + (size == 0));

    FUZZ_CHECK(copy);
    if (size > 0)
        memcpy(copy, data, size);
    current = (struct input){copy, size};
    LLVMFuzzerTestOneInput(copy, size);
    current.data = NULL;
    free(copy);
}

static void
run_changed(unsigned long seed, unsigned long round)
{
    static uint8_t data[SIZE_MAX_];

    /* Each by itself, so that one can be repeated alone. */
    state = ((uint64_t)seed << 32 | round) * 0x9e3779b97f4a7c15 | 1;
    below(2);
    const struct input *from = &inputs[below(ninputs)];
    size_t size = from->size;
    memcpy(data, from->data, size);
    for (size_t n = 1 + below(8); n > 0; n--)
        size = LLVMFuzzerCustomMutator
                   ? LLVMFuzzerCustomMutator(data, size, SIZE_MAX_,
                                             (unsigned)below(1u << 30))
                   : LLVMFuzzerMutate(data, size, SIZE_MAX_);
    run_one(data, size);
}

int
main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s RUNS SEED FILE-OR-FOLDER...\n", argv[0]);
        return 2;
    }
    unsigned long runs = strtoul(argv[1], NULL, 0),
                  seed = strtoul(argv[2], NULL, 0);
    program = argv[0];
    __sanitizer_set_death_callback(keep_input);
    atexit(keep_input); /* a rig's assertion ends the program */
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 3; i < argc; i++)
        add(argv[i]);
    for (size_t i = 0; i < ninputs; i++)
        run_one(inputs[i].data, inputs[i].size);
    for (unsigned long i = 0; i < runs && ninputs > 0; i++)
        run_changed(seed, i);
    printf("%zu inputs, %lu changed ones\n", ninputs, ninputs > 0 ? runs : 0);
    for (size_t i = 0; i < ninputs; i++)
        free(inputs[i].data);
    return ninputs == 0;
}
