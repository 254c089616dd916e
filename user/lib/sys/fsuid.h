/* The ids that files go by. Both return the former one, changed or not. */
#pragma once

#include <sys/types.h>

int setfsuid(uid_t uid);
int setfsgid(gid_t gid);
