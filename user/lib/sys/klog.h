/* The kernel's log. */
#pragma once

#define SYSLOG_ACTION_READ_ALL    3
#define SYSLOG_ACTION_SIZE_BUFFER 10

/* Bytes, or -1 with errno set. */
int klogctl(int action, char *to, int size);
