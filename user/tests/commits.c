/* Eight processes that each make files durable, one after the other, in the
 * working directory; prints how many files, and how often the disk named on
 * the command line was flushed for them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS 8
#define EACH    25

/* The file's 16th number. */
static unsigned long
count_flushes(const char *disk)
{
    unsigned long column = 0;
    char text[256], *at = text;

    snprintf(text, sizeof text, "/sys/block/%s/stat", disk);
    int fd = open(text, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    if (n <= 0)
        exit(2);
    text[n] = '\0';
    close(fd);
    for (int i = 0; i < 16; i++)
        column = strtoul(at, &at, 10);
    return column;
}

static int
write_files(int writer)
{
    char name[32];

    for (int i = 0; i < EACH; i++) {
        snprintf(name, sizeof name, "%d.%d", writer, i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0 || write(fd, name, sizeof name) != sizeof name ||
            fsync(fd) || close(fd))
            return 1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    int failed = 0, status;

    if (argc != 2)
        return 2;
    unsigned long before = count_flushes(argv[1]);
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0)
            _exit(write_files(i));
    for (int i = 0; i < WRITERS; i++)
        failed |= wait(&status) < 0 || status;
    printf("%d files, %lu flushes\n", WRITERS * EACH,
           count_flushes(argv[1]) - before);
    return failed;
}
