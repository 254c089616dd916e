/* audiod: the service for sound. */
#include <device_service.h>

int
main(void)
{
    return device_service_main("audio", 25, "sound card");
}
