#include "frames.h"

#include "mm/frame.h"

#include "fuzz.h"

#include <sanitizer/asan_interface.h>

#define SIZE   4096u
#define STRIDE (2 * SIZE) /* with a forbidden zone between them */
#define FRAMES 512u       /* more than any target has at once */

static _Alignas(SIZE) uint8_t memory[FRAMES * STRIDE + SIZE];

/* A ring of those that are free, which went first in front. */
static uint16_t ring[FRAMES];
static size_t first, nfree;
static bool begun;

void *__wrap_frame_alloc(unsigned order);
void __wrap_frame_free(void *block, unsigned order);
void __wrap_frame_unref(void *frame);

static void
begin(void)
{
    begun = true;
    __asan_poison_memory_region(memory, sizeof(memory));
    while (nfree < FRAMES) {
        ring[nfree] = (uint16_t)nfree;
        nfree++;
    }
}

size_t
frames_used(void)
{
    return begun ? FRAMES - nfree : 0;
}

void *
__wrap_frame_alloc(unsigned order)
{
    if (!begun)
        begin();
    FUZZ_CHECK(order == 0 && nfree > 0);
    uint8_t *frame = memory + SIZE + (size_t)ring[first] * STRIDE;
    first = (first + 1) % FRAMES;
    nfree--;
    __asan_unpoison_memory_region(frame, SIZE);
    return frame;
}

void
__wrap_frame_unref(void *frame)
{
    if (!frame)
        return;
    size_t at = (size_t)((uint8_t *)frame - memory) - SIZE;
    FUZZ_CHECK(at % STRIDE == 0 && at / STRIDE < FRAMES && nfree < FRAMES);
    FUZZ_CHECK(!__asan_address_is_poisoned(frame)); /* freed twice */
    __asan_poison_memory_region(frame, SIZE);
    ring[(first + nfree++) % FRAMES] = (uint16_t)(at / STRIDE);
}

void
__wrap_frame_free(void *block, unsigned order)
{
    FUZZ_CHECK(order == 0);
    __wrap_frame_unref(block);
}
