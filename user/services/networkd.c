/* networkd: the service for the network. */
#include <device_service.h>

int
main(void)
{
    return device_service_main("network", 1, "network card");
}
