// SOURCES: kernel/proc/filter.c mkfs/host_kernel.c
/* Filters of system calls: what is accepted ends, and looks at nothing but the
 * call and its own memory. */
#include "fuzz.h"
#include "proc/filter.h"

#include "host_kernel.h"

#define LEN_MAX 64u

static struct filter *
read_filter(struct fuzz_input *in, struct filter *before)
{
    unsigned len = fuzz_choose(in, LEN_MAX + 1);
    struct filter *filter = filter_create(before, len);

    FUZZ_CHECK(filter);
    for (unsigned i = 0; i < len; i++) {
        filter->code[i].code = (uint16_t)fuzz_number(in, 1);
        filter->code[i].jt = (uint8_t)fuzz_number(in, 1);
        filter->code[i].jf = (uint8_t)fuzz_number(in, 1);
        /* Small numbers are offsets, slots and lengths of jumps. */
        unsigned wide = filter->code[i].jf & 0x80 ? 4 : 1;
        filter->code[i].k = (uint32_t)fuzz_number(in, wide);
    }
    return filter;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    /* In an allocation of its size, for the sanitizer's sake. */
    struct seccomp_data *call = (void *)fuzz_copy(&in, sizeof(*call));
    struct filter *first = read_filter(&in, NULL), *second = NULL;

    if (filter_is_valid(first)) {
        uint32_t answer = filter_ask(first, call);
        FUZZ_CHECK(answer == filter_ask(first, call));
        second = read_filter(&in, first);
        /* One more filter never allows what was forbidden. */
        if (filter_is_valid(second))
            FUZZ_CHECK(
                (int32_t)(filter_ask(second, call) & SECCOMP_RET_ACTION_FULL) <=
                    (int32_t)(answer & SECCOMP_RET_ACTION_FULL) ||
                (int32_t)(answer & SECCOMP_RET_ACTION_FULL) >
                    (int32_t)SECCOMP_RET_ALLOW);
    }
    filter_put(second);
    filter_put(first);
    free(call);
    return 0;
}
