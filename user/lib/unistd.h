/* Processes and descriptors. What fails returns -1 with errno set. */
#pragma once

#include "abi/fcntl.h"
#include <sys/cdefs.h>
#include <sys/types.h>

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

extern char **environ;

ssize_t read(int fd, void *to, size_t n);
ssize_t write(int fd, const void *from, size_t n);
/* At the offset at; the file's own is neither used nor changed. */
ssize_t pread(int fd, void *to, size_t n, off_t at);
ssize_t pwrite(int fd, const void *from, size_t n, off_t at);
off_t lseek(int fd, off_t offset, int whence);
int close(int fd);
int dup(int fd);
int dup2(int from, int to);
int dup3(int from, int to, int flags);
int pipe(int fds[2]);
int pipe2(int fds[2], int flags);
int access(const char *path, int mode);
int faccessat(int dir, const char *path, int mode, int flags);
int chdir(const char *path);
int fchdir(int fd);
int chroot(const char *path);
/* to may be NULL: then the result comes from malloc, as long as needed. */
char *getcwd(char *to, size_t size);
ssize_t readlink(const char *path, char *to, size_t size);
ssize_t readlinkat(int dir, const char *path, char *to, size_t size);
int isatty(int fd);

/* Another name for a file; a link is named itself, but is followed by linkat
 * with AT_SYMLINK_FOLLOW. */
int link(const char *from, const char *to);
int linkat(int from_dir, const char *from, int to_dir, const char *to,
           int flags);
/* A symbolic link called path that holds target, which may be any text. */
int symlink(const char *target, const char *path);
int symlinkat(const char *target, int dir, const char *path);
/* Takes a name away; with AT_REMOVEDIR, and by rmdir, that of an empty
 * directory. */
int unlink(const char *path);
int unlinkat(int dir, const char *path, int flags);
int rmdir(const char *path);

/* An id of -1 stays as it is. lchown changes a link, the others what it
 * points to (fchownat with AT_SYMLINK_NOFOLLOW the link). */
int chown(const char *path, uid_t user, gid_t group);
int lchown(const char *path, uid_t user, gid_t group);
int fchown(int fd, uid_t user, gid_t group);
int fchownat(int dir, const char *path, uid_t user, gid_t group, int flags);

/* Cuts a file to length, or extends it with zeros. */
int truncate(const char *path, off_t length);
int ftruncate(int fd, off_t length);

/* Copies up to n bytes inside the kernel, from and to the files' own offsets
 * or those given, which move. Returns how many, 0 at the end. */
ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at,
                        size_t n, unsigned int flags);

/* Returns once a file (without its times for fdatasync), the file system it is
 * on, or everything is on the disk. */
int fsync(int fd);
int fdatasync(int fd);
int syncfs(int fd);
void sync(void);

pid_t fork(void);
int execve(const char *path, char *const argv[], char *const envp[]);
int execv(const char *path, char *const argv[]);
/* Searches PATH unless file holds a slash. */
int execvp(const char *file, char *const argv[]);
NORETURN void _exit(int status);
pid_t getpid(void);
pid_t getppid(void);
pid_t setsid(void);
pid_t getsid(pid_t pid);
int setpgid(pid_t pid, pid_t group);
pid_t getpgid(pid_t pid);
pid_t getpgrp(void);
pid_t tcgetpgrp(int fd);
int tcsetpgrp(int fd, pid_t group);

/* Whose the process is: real, effective and saved ids, and further groups. An
 * id of -1 stays, but for setuid and setgid, which set all three for user 0
 * and the effective one for others. getgroups with room 0 only counts. */
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int getresgid(gid_t *real, gid_t *effective, gid_t *saved);
int getgroups(int room, gid_t *groups);
int setuid(uid_t uid);
int setgid(gid_t gid);
int seteuid(uid_t uid);
int setegid(gid_t gid);
int setreuid(uid_t real, uid_t effective);
int setregid(gid_t real, gid_t effective);
int setresuid(uid_t real, uid_t effective, uid_t saved);
int setresgid(gid_t real, gid_t effective, gid_t saved);

/* Seconds that were left when a signal ended it, else 0. */
unsigned int sleep(unsigned int seconds);
int usleep(unsigned int microseconds);

/* Moves the end of the heap to an address, or by a distance. sbrk returns
 * where the end was, or (void *)-1. */
int brk(void *end);
void *sbrk(intptr_t distance);
