/* Answers the questions in /plan on the disk vdb: what files hold, what there
 * is in directories, where links lead, and what inodes are like.
 *
 * The plan is a row of words, each with a zero behind it: a letter and a path.
 * Each answer is a result, negative if it is an error, a length, and as many
 * bytes. tests/_machine.py reads them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char plan[64 << 10], buffer[600 << 10];
static char answers[3 << 20];
static size_t end;

static void
must(bool good, int status)
{
    if (!good)
        _exit(status);
}

static void
answer(int64_t result, const void *bytes, size_t n)
{
    int32_t head[2] = {result < 0 ? -errno : (int32_t)result, (int32_t)n};
    must(end + sizeof(head) + n <= sizeof(answers), 3);
    memcpy(answers + end, head, sizeof(head));
    memcpy(answers + end + sizeof(head), bytes, n);
    end += sizeof(head) + n;
}

/* In pieces whose sizes are the path's: odd ones, too. */
static void
cat(const char *path)
{
    size_t piece = 1000 + strlen(path) * 517, len = 0;
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && len < sizeof(buffer)) {
        size_t left = sizeof(buffer) - len;
        n = read(fd, buffer + len, piece < left ? piece : left);
        len += n > 0 ? (size_t)n : 0;
    }
    answer(n, buffer, n < 0 ? 0 : len);
    close(fd);
}

/* Names, each with a zero behind it. */
static void
list(const char *path)
{
    DIR *dir = opendir(path);
    size_t len = 0;
    errno = dir ? 0 : errno;
    for (struct dirent *d; dir && (d = readdir(dir));) {
        must(len + sizeof(d->d_name) < sizeof(buffer), 4);
        strcpy(buffer + len, d->d_name);
        len += strlen(d->d_name) + 1;
    }
    answer(errno ? -1 : 0, buffer, len);
    if (dir)
        closedir(dir);
}

static void
status(const char *path, bool follow)
{
    struct stat st;
    int result = follow ? stat(path, &st) : lstat(path, &st);
    uint64_t fields[] = {st.st_mode,
                         st.st_uid,
                         st.st_gid,
                         st.st_nlink,
                         (uint64_t)st.st_size,
                         st.st_ino,
                         (uint64_t)st.st_mtime};
    answer(result, fields, result < 0 ? 0 : sizeof(fields));
}

static void
follow(const char *path)
{
    ssize_t n = readlink(path, buffer, sizeof(buffer));
    answer(n, buffer, n < 0 ? 0 : (size_t)n);
}

static void
ask(char what, const char *path)
{
    if (what == 'c')
        cat(path);
    else if (what == 'd')
        list(path);
    else if (what == 'l')
        follow(path);
    else
        status(path, what == 's');
}

int
main(void)
{
    int in = open("/plan", O_RDONLY), out = open("/dev/vdb", O_WRONLY);
    ssize_t n = read(in, plan, sizeof(plan));
    must(in >= 0 && out >= 0 && n > 0, 1);
    for (char *word = plan; word < plan + n; word += strlen(word) + 1)
        ask(word[0], word + 1);
    uint64_t size = end;
    must(pwrite(out, &size, sizeof(size), 0) == sizeof(size), 5);
    must(pwrite(out, answers, end, 4096) == (ssize_t)end, 6);
    return fsync(out) == 0 ? 0 : 7;
}
