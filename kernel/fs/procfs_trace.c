#include "fs/procfs_system.h"
#include "trace/control.h"

int
proc_show_trace(struct text *out)
{
    static const char modes[] = {
        [TRACE_RECORDED] = '+', [TRACE_COUNTED] = '#', [TRACE_OFF] = '-'};
    char line[128];
    for (unsigned i = TRACE_LOST + 1; i < TRACE_EVENTS; i++) {
        trace_describe(i, line, sizeof(line));
        text_printf(out, "%lu %c %s", trace_total(i), modes[trace_mode(i)],
                    line);
    }
    return 0;
}
