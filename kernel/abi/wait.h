/* Options and status words of wait4 and waitid, as Linux has them. */
#pragma once

#define WNOHANG     1
#define WUNTRACED   2
#define WSTOPPED    WUNTRACED
#define WEXITED     4 /* of waitid; wait4 has it always */
#define WCONTINUED  8
#define WNOWAIT     0x01000000
#define __WNOTHREAD 0x20000000
#define __WALL      0x40000000
#define __WCLONE    0x80000000

#define WAIT_CONTINUED 0xffff /* the status of a child that goes on */

#define WEXITSTATUS(s) (((s) >> 8) & 0xff)
#define WTERMSIG(s)    ((s)&0x7f)
#define WIFEXITED(s)   (WTERMSIG(s) == 0)
#define WIFSIGNALED(s) (((s)&0x7f) != 0 && ((s)&0x7f) != 0x7f)
#define WIFSTOPPED(s)  (((s)&0xff) == 0x7f)
#define WSTOPSIG(s)    WEXITSTATUS(s)
