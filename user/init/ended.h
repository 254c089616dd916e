/* What becomes of a service that has no process any more. */
#pragma once

#include "service.h"

/* s, which was up, is down: by its policy it starts again after a while, or
 * does not, or has failed. clean: it ended as it should. If it starts again, a
 * line in the log tells each one that is up and requires it. */
void ended_decide(struct service *s, bool clean, const char *reason);

/* s stays down, for another try would not help: SERVICE_NO_HARDWARE, what it is
 * for is not there, or SERVICE_GAVE_UP. */
void ended_for_good(struct service *s, enum service_event event,
                    const char *reason);
