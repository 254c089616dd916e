/* Whether, how often and how soon a service starts again. */
// WITH: user/init/restart.c
#include "grade.h"
#include "user/init/restart.h"

static void
due(struct grade *g)
{
    struct config c = {.restart = grade_u8(g)};

    grade_put_u8(g, restart_is_due(&c, grade_u8(g) != 0));
}

/* The delays of restarts that are decided on at these times. */
static void
delays(struct grade *g)
{
    static struct restart_history history;
    struct config c = {.restart_limit = grade_u32(g),
                       .restart_window = grade_u64(g),
                       .restart_delay = grade_u64(g)};
    uint32_t count = grade_u32(g);

    for (uint32_t i = 0; i < count; i++)
        grade_put_u64(g, restart_delay(&history, &c, grade_u64(g)));
}

GRADE_CASES({"due", due}, {"delays", delays});
