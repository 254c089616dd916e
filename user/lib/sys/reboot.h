/* Ending the machine's run. */
#pragma once

#include "abi/reboot.h"

#define RB_AUTOBOOT  LINUX_REBOOT_CMD_RESTART
#define RB_POWER_OFF LINUX_REBOOT_CMD_POWER_OFF

/* Returns only on failure: -1 with errno set. */
int reboot(unsigned int command);
