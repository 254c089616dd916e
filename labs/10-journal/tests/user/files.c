/* Makes, changes, renames and removes files in /desk as /plan says, a sync
 * behind each operation; or, without a plan, tells on the disk vdb what is in
 * /desk.
 *
 * The plan is a row of operations: a letter, two numbers of files, a length,
 * and as many bytes. What is told is a row of names, lengths and contents.
 * tests/s6_machine.py has both. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t buffer[1 << 20];

static void
must(bool good, int status)
{
    if (!good)
        _exit(status);
}

static const char *
name(char *to, unsigned number)
{
    sprintf(to, "/desk/%u", number);
    return to;
}

static void
put(const char *path, int flags, const uint8_t *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
    must(fd >= 0 && write(fd, bytes, n) == (ssize_t)n, 2);
    must(fsync(fd) == 0 && close(fd) == 0, 3);
}

static void
follow(const uint8_t *at, const uint8_t *end)
{
    char one[32], two[32];
    while (at < end) {
        uint16_t head[4];
        memcpy(head, at, sizeof(head));
        at += sizeof(head);
        name(one, head[1]);
        name(two, head[2]);
        if (head[0] == 'w') {
            /* The new content comes whole: beside the old one, then over it. */
            put("/desk/new", O_TRUNC, at, head[3]);
            must(rename("/desk/new", one) == 0, 4);
        } else if (head[0] == 'm') {
            must(rename(one, two) == 0, 5);
        } else {
            must(unlink(one) == 0, 6);
        }
        sync();
        at += head[3];
    }
}

static void
tell(int out)
{
    size_t at = 8;
    DIR *dir = opendir("/desk");
    must(dir != NULL, 7);
    for (struct dirent *d; (d = readdir(dir));) {
        char path[300];
        if (d->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/desk/%s", d->d_name);
        int fd = open(path, O_RDONLY);
        must(fd >= 0 && at + 512 < sizeof(buffer), 8);
        at += (size_t)sprintf((char *)buffer + at, "%s", d->d_name) + 1;
        ssize_t n = read(fd, buffer + at + 4, sizeof(buffer) - at - 4);
        must(n >= 0, 9);
        uint32_t len = (uint32_t)n;
        memcpy(buffer + at, &len, sizeof(len));
        at += 4 + len;
        close(fd);
    }
    uint64_t size = at - 8;
    memcpy(buffer, &size, sizeof(size));
    must(pwrite(out, buffer, at, 0) == (ssize_t)at && fsync(out) == 0, 10);
}

int
main(void)
{
    int out = open("/dev/vdb", O_WRONLY), in = open("/plan", O_RDONLY);
    if (out >= 0) {
        tell(out);
        return 0;
    }
    ssize_t n = read(in, buffer, sizeof(buffer));
    must(n >= 0, 1);
    uint8_t *plan = malloc((size_t)n);
    must(plan != NULL, 1);
    memcpy(plan, buffer, (size_t)n);
    follow(plan, plan + n);
    return 0;
}
