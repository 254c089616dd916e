/* What each of a table of services waits for, and their cycles. */
// WITH: user/init/depend.c user/init/graph.c
#include "grade.h"
#include "table.h"
#include "user/init/depend.h"
#include "user/init/state.h"

void
state_event(struct service *s, enum service_event event, const char *format,
            ...)
{
    char text[SERVICE_REASON_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (event == SERVICE_GAVE_UP)
        s->state = SERVICE_FAILED;
    note("%s %s: %s", s->config->name, event_name(event), text);
}

static void
put_name(struct grade *g, const char *name)
{
    grade_put_string(g, name ? name : "");
}

static void
look(struct grade *g)
{
    take_table(g);
    if (grade_u8(g))
        depend_open_console();
    for (struct service *s = service_next(NULL); s; s = service_next(s)) {
        grade_put_u8(g, depend_is_settled(s));
        put_name(g, depend_failed(s));
        put_name(g, depend_waits_for(s));
        grade_put_u8(g, depend_is_held(s));
    }
}

static void
cycles(struct grade *g)
{
    take_table(g);
    depend_break_cycles();
    grade_put_string(g, record);
    for (struct service *s = service_next(NULL); s; s = service_next(s)) {
        grade_put_u8(g, s->broken);
        grade_put_u8(g, s->wanted);
        grade_put_u8(g, (uint8_t)s->state);
    }
}

GRADE_CASES({"look", look}, {"cycles", cycles});
