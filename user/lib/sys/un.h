/* Addresses of unix-domain sockets. */
#pragma once

#include <sys/socket.h>
