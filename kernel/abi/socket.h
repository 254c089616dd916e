/* Sockets: families, types, flags, options and structures, as Linux riscv64
 * has them. */
#pragma once

#include <stdint.h>

#define AF_UNSPEC 0
#define AF_UNIX   1

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_SEQPACKET 5
#define SOCK_NONBLOCK  04000    /* added to the type: O_NONBLOCK */
#define SOCK_CLOEXEC   02000000 /* O_CLOEXEC */

/* Flags of the calls that send and receive; some are answers of recvmsg. */
#define MSG_PEEK         0x02
#define MSG_CTRUNC       0x08
#define MSG_TRUNC        0x20
#define MSG_DONTWAIT     0x40
#define MSG_EOR          0x80
#define MSG_WAITALL      0x100
#define MSG_NOSIGNAL     0x4000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD   0
#define SHUT_WR   1
#define SHUT_RDWR 2

#define SOL_SOCKET 1

#define SO_REUSEADDR  2
#define SO_TYPE       3
#define SO_ERROR      4
#define SO_SNDBUF     7
#define SO_RCVBUF     8
#define SO_PASSCRED   16
#define SO_PEERCRED   17
#define SO_RCVTIMEO   20
#define SO_SNDTIMEO   21
#define SO_ACCEPTCONN 30
#define SO_PROTOCOL   38
#define SO_DOMAIN     39

#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2
#define SCM_MAX_FD      253 /* descriptors of one message */

#define SOMAXCONN 128 /* connections that may wait to be accepted */

/* A path; or, behind a zero byte, a name of no file, as long as the address
 * says; or nothing. */
struct sockaddr_un {
    uint16_t sun_family;
    char sun_path[108];
};

struct ucred {
    int32_t pid;
    uint32_t uid, gid;
};
