/* displayd: the service for the display. */
#include <device_service.h>

int
main(void)
{
    return device_service_main("display", 16, "display");
}
