/* Does what it is told on the console, an operation a line, for tests that
 * cut the power: the host makes the operations, and knows which were over.
 *
 *   mount DEVICE TYPE        on /mnt, where all paths lie; umount
 *   create PATH              mkdir PATH        symlink TARGET PATH
 *   write PATH OFFSET LENGTH TAG               truncate PATH SIZE
 *   link OLD NEW             rename OLD NEW    exchange A B
 *   unlink PATH              rmdir PATH        chmod MODE PATH
 *   open SLOT PATH           fwrite SLOT OFFSET LENGTH TAG      close SLOT
 *   fsync PATH               fdatasync PATH    sync
 *   noise                    another process syncs all the time; quiet
 *
 * Each is answered by "= RESULT": 0 or more, or an error number, negative.
 * What is written depends on tag and offset only, so that every byte found
 * later tells where it came from. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define SLOTS     16
#define WORDS_MAX 6
#define PIECE     65536u

static int slots[SLOTS];
static uint8_t piece[PIECE];

/* The byte at offset of what tag writes; tests/crash/check.c has it too. */
static uint8_t
pattern(uint64_t tag, uint64_t offset)
{
    uint64_t x = tag * 0x9e3779b97f4a7c15u + offset / 8;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint8_t)((x ^ x >> 31) >> offset % 8 * 8);
}

static long
result_of(long value)
{
    return value < 0 ? -errno : value;
}

/* Returns the bytes written, or the error if there were none. */
static long
write_pattern(int fd, uint64_t offset, uint64_t length, uint64_t tag)
{
    uint64_t done = 0;

    while (done < length) {
        size_t n = length - done < PIECE ? length - done : PIECE;
        for (size_t i = 0; i < n; i++)
            piece[i] = pattern(tag, offset + done + i);
        ssize_t moved = pwrite(fd, piece, n, (off_t)(offset + done));
        if (moved <= 0)
            return done ? (long)done : result_of(moved);
        done += (uint64_t)moved;
    }
    return (long)done;
}

/* Opens path for one call of fn. */
static long
with_file(const char *path, int flags, int (*fn)(int fd))
{
    int fd = open(path, flags, 0644);
    if (fd < 0)
        return -errno;
    long result = fn ? result_of(fn(fd)) : 0;
    close(fd);
    return result;
}

static uint64_t
number(const char *text)
{
    return strtoul(text, NULL, 0);
}

static long
run_files(char *const *w)
{
    if (strcmp(w[0], "create") == 0)
        return with_file(w[1], O_WRONLY | O_CREAT | O_EXCL, NULL);
    if (strcmp(w[0], "fsync") == 0)
        return with_file(w[1], O_RDONLY, fsync);
    if (strcmp(w[0], "fdatasync") == 0)
        return with_file(w[1], O_RDONLY, fdatasync);
    if (strcmp(w[0], "truncate") == 0)
        return result_of(truncate(w[1], (off_t)number(w[2])));
    if (strcmp(w[0], "write") == 0) {
        int fd = open(w[1], O_WRONLY);
        if (fd < 0)
            return -errno;
        long n = write_pattern(fd, number(w[2]), number(w[3]), number(w[4]));
        close(fd);
        return n;
    }
    int *slot = &slots[number(w[1]) % SLOTS];
    if (strcmp(w[0], "open") == 0)
        return result_of(*slot = open(w[2], O_RDWR));
    if (strcmp(w[0], "fwrite") == 0)
        return write_pattern(*slot, number(w[2]), number(w[3]), number(w[4]));
    if (strcmp(w[0], "close") == 0)
        return result_of(close(*slot));
    return -ENOSYS;
}

static long
run_names(char *const *w)
{
    if (strcmp(w[0], "mkdir") == 0)
        return result_of(mkdir(w[1], 0755));
    if (strcmp(w[0], "rmdir") == 0)
        return result_of(rmdir(w[1]));
    if (strcmp(w[0], "unlink") == 0)
        return result_of(unlink(w[1]));
    if (strcmp(w[0], "symlink") == 0)
        return result_of(symlink(w[1], w[2]));
    if (strcmp(w[0], "link") == 0)
        return result_of(link(w[1], w[2]));
    if (strcmp(w[0], "rename") == 0)
        return result_of(rename(w[1], w[2]));
    if (strcmp(w[0], "exchange") == 0)
        return result_of(
            renameat2(AT_FDCWD, w[1], AT_FDCWD, w[2], RENAME_EXCHANGE));
    if (strcmp(w[0], "chmod") == 0)
        return result_of(chmod(w[2], (mode_t)number(w[1])));
    return -ENOSYS;
}

/* Commits happen at any moment: whoever counts on one to come later loses. */
static long
make_noise(bool on)
{
    static pid_t child;

    if (!on)
        return kill(child, SIGKILL) < 0 ? -errno
                                        : result_of(waitpid(child, NULL, 0));
    child = fork();
    if (child != 0)
        return result_of(child);
    if (chdir("/") < 0)
        _exit(1);
    for (;;) {
        sync();
        usleep(1000);
    }
}

static long
run(char *const *w)
{
    if (strcmp(w[0], "noise") == 0 || strcmp(w[0], "quiet") == 0)
        return make_noise(w[0][0] == 'n');
    if (strcmp(w[0], "mount") == 0) {
        long result = result_of(mount(w[1], "/mnt", w[2], 0, NULL));
        return result < 0 ? result : result_of(chdir("/mnt"));
    }
    if (strcmp(w[0], "umount") == 0)
        return chdir("/") < 0 ? -errno : result_of(umount("/mnt"));
    if (strcmp(w[0], "sync") == 0) {
        sync();
        return 0;
    }
    long result = run_names(w);
    return result == -ENOSYS ? run_files(w) : result;
}

int
main(void)
{
    char line[1024], *words[WORDS_MAX + 1];
    struct termios t;

    tcgetattr(0, &t);
    t.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(0, TCSANOW, &t);
    printf("= ready\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        int n = 0;
        char *rest, *p = strtok_r(line, " \n", &rest);
        for (; p && n < WORDS_MAX; p = strtok_r(NULL, " \n", &rest))
            words[n++] = p;
        while (n <= WORDS_MAX)
            words[n++] = "";
        if (strcmp(words[0], "quit") == 0)
            return 0;
        printf("= %ld\n", run(words));
        fflush(stdout);
    }
    return 1;
}
