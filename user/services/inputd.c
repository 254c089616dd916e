/* inputd: the service for keyboards and the like. */
#include <device_service.h>

int
main(void)
{
    return device_service_main("input", 18, "input device");
}
