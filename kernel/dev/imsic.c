#include "dev/imsic.h"
#include "arch/imsic.h"

#define EIDELIVERY_ON    1u /* [aia §3.8.1] */
#define EITHRESHOLD_NONE 0u /* [aia §3.8.2] */

/* Only a hart itself can reach its enable bits, and which interrupt goes to
 * which is decided elsewhere: so all are on, and masked at their source. */
bool
imsic_init_hart(unsigned ids)
{
    if (!imsic_present())
        return false;
    imsic_write(IMSIC_EIDELIVERY, 0);
    imsic_write(IMSIC_EITHRESHOLD, EITHRESHOLD_NONE);
    for (unsigned id = 0; id <= ids; id += 64) {
        imsic_write(IMSIC_EIP(id), 0);
        imsic_write(IMSIC_EIE(id), UINT64_MAX);
    }
    imsic_write(IMSIC_EIDELIVERY, EIDELIVERY_ON);
    return imsic_read(IMSIC_EIE(ids)) >> 63 != 0;
}
