/* worker NAME WORD...: a service that leaves its traces on the disk. It does
 * what the words say, one after the other:
 *
 *     up=FILE      adds a line with its name to FILE
 *     at=FILE      adds its name, and the time in milliseconds
 *     ready        says that it is
 *     pid=FILE     writes its number to FILE
 *     down=FILE    from now on SIGTERM has it add its name to FILE, and end
 *     ignore=FILE  from now on SIGTERM has it add its name to FILE, and no more
 *     stay         sleeps, for ever
 *     sleep=MS     sleeps
 *     exit=N       ends
 *     leave        goes on in another process that is left to init, in a
 *                  session of its own
 *     orphans=N    makes N processes that end as orphans
 *     dead=FILE    writes how many processes have ended that nobody took in,
 *                  when that has not changed for a while
 *     chase=FILE:N kills the process whose number is in FILE, N times, each
 *                  time a new one
 *     await=FILE:N waits until FILE has N lines
 *     tell=N       sends signal N to init */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <notify.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What never comes is not waited for longer. */
#define PATIENCE_MS 20000

static const char *name;
static const char *down_file;
static volatile bool heeds;

/* One write for a line: those of others do not mix with it. */
static void
add_line(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

    if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
        _exit(111);
    close(fd);
}

static void
add_name(const char *path)
{
    char line[64];

    snprintf(line, sizeof(line), "%s\n", name);
    add_line(path, line);
}

static void
sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

static void
add_time(const char *path)
{
    struct timespec t;
    char line[96];

    clock_gettime(CLOCK_MONOTONIC, &t);
    snprintf(line, sizeof(line), "%s %ld\n", name,
             t.tv_sec * 1000 + t.tv_nsec / 1000000);
    add_line(path, line);
}

static void
terminated(int number)
{
    (void)number;
    add_name(down_file);
    if (heeds)
        _exit(0);
}

static void
on_term(const char *path, bool heed)
{
    down_file = path;
    heeds = heed;
    signal(SIGTERM, terminated);
}

static void
leave(void)
{
    if (fork() != 0)
        _exit(0);
    setsid();
}

static void
make_orphans(long count)
{
    for (long i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (fork() == 0)
                sleep_ms(5);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
}

/* Reads a file, or as much as there is room for; "" if it is not there. */
static void
read_text(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);

    close(fd);
    to[n > 0 ? n : 0] = '\0';
}

/* The state of a process is the letter behind its name in parentheses. */
static unsigned
count_dead(void)
{
    DIR *dir = opendir("/proc");
    unsigned count = 0;

    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[64], text[256], *state;
        if (e->d_name[0] < '0' || e->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
        read_text(path, text, sizeof(text));
        state = strrchr(text, ')');
        count += state && state[1] && state[2] == 'Z';
    }
    closedir(dir);
    return count;
}

static void
note_dead(const char *path)
{
    unsigned before = ~0u, count = count_dead();
    char line[32];

    for (int i = 0; i < 50 && (count > 0 || count != before); i++) {
        sleep_ms(20);
        before = count;
        count = count_dead();
    }
    snprintf(line, sizeof(line), "%u\n", count);
    add_line(path, line);
}

static void
write_pid(const char *path)
{
    char line[32];

    unlink(path);
    snprintf(line, sizeof(line), "%d\n", (int)getpid());
    add_line(path, line);
}

/* Divides "FILE:N"; returns N. */
static int
divide(const char *value, char *path, size_t size)
{
    const char *colon = strchr(value, ':');

    if (!colon)
        errx(113, "%s?", value);
    snprintf(path, size, "%.*s", (int)(colon - value), value);
    return atoi(colon + 1);
}

static void
chase(const char *value)
{
    char path[64], text[32];
    int count = divide(value, path, sizeof(path)), last = 0;

    for (int tries = 0; count > 0 && tries < PATIENCE_MS / 5; tries++) {
        int pid;
        read_text(path, text, sizeof(text));
        pid = strchr(text, '\n') ? atoi(text) : 0;
        if (pid > 1 && pid != last) {
            kill(pid, SIGKILL);
            last = pid;
            count--;
        }
        sleep_ms(5);
    }
}

static void
await(const char *value)
{
    char path[64], text[2048];
    int count = divide(value, path, sizeof(path)), lines = -1;

    for (int tries = 0; lines < count && tries < PATIENCE_MS / 20; tries++) {
        read_text(path, text, sizeof(text));
        lines = 0;
        for (const char *c = text; *c; c++)
            lines += *c == '\n';
        if (lines < count)
            sleep_ms(20);
    }
}

static void
stay(void)
{
    for (;;)
        poll(NULL, 0, -1);
}

static void
act(const char *word)
{
    const char *value = strchr(word, '=');
    size_t n = value ? (size_t)(value - word) : strlen(word);

    value = value ? value + 1 : "";
#define IS(w) (n == strlen(w) && strncmp(word, w, n) == 0)
    if (IS("up"))
        add_name(value);
    else if (IS("at"))
        add_time(value);
    else if (IS("ready"))
        notify_ready();
    else if (IS("pid"))
        write_pid(value);
    else if (IS("down") || IS("ignore"))
        on_term(value, IS("down"));
    else if (IS("stay"))
        stay();
    else if (IS("sleep"))
        sleep_ms(atoi(value));
    else if (IS("exit"))
        exit(atoi(value));
    else if (IS("leave"))
        leave();
    else if (IS("orphans"))
        make_orphans(atoi(value));
    else if (IS("dead"))
        note_dead(value);
    else if (IS("chase"))
        chase(value);
    else if (IS("await"))
        await(value);
    else if (IS("tell"))
        kill(1, atoi(value));
    else
        errx(113, "%s?", word);
#undef IS
}

int
main(int argc, char **argv)
{
    name = argc > 1 ? argv[1] : "?";
    for (int i = 2; i < argc; i++)
        act(argv[i]);
    return 0;
}
