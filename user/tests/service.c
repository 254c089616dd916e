/* service: a service as init's tests need it. It does what its arguments say,
 * one after the other:
 *
 *     ready        say so                  status=TEXT  say that
 *     beat         say that it is alive    say=TEXT     print that
 *     sleep=MS     sleep                   exit=STATUS  end
 *     pulse=MS     beat for ever, that often
 *     stay         sleep until a signal comes
 *     ignore       end at no SIGTERM       die          end by SIGUSR1, which
 *                                          the kernel does not report
 *     fork=PATH    go on in another process, its number in PATH
 *     memory=MIB   take that much, or end with 1
 *     flood=N      have N processes that say nothing of meaning, for ever
 *     mute=MS      end who has the console, which is stopped for so long
 *     orphans=N    leave N processes to init, 1,000 a second; print the most
 *                  zombies that there were
 *     kill=SECONDS end processes of init's by SIGKILL, this one and those of
 *                  a terminal excepted, at random for so long */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void
notify(const char *line)
{
    const char *fd = getenv("NOTIFY_FD");

    if (!fd)
        errx(2, "there is no NOTIFY_FD");
    dprintf(atoi(fd), "%s\n", line);
}

static long
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

static void
go_on_elsewhere(const char *path)
{
    pid_t pid = fork();

    if (pid < 0)
        err(1, "fork");
    if (pid == 0) {
        setsid();
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || dprintf(fd, "%d\n", pid) < 0)
        err(1, "%s", path);
    _exit(0);
}

/* ---- Processes, as /proc shows them ---- */

struct seen {
    pid_t pid, parent;
    char state;
    int terminal;
};

static bool
read_process(const char *name, struct seen *to)
{
    char path[300], text[512];
    int fd;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%s/stat", name);
    fd = open(path, O_RDONLY);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    /* "PID (NAME) STATE PARENT GROUP SESSION TERMINAL ..." */
    char *s = strrchr(text, ')'), *end;
    to->pid = (pid_t)strtol(text, NULL, 10);
    to->state = s[2];
    to->parent = (pid_t)strtol(s + 4, &end, 10);
    (void)strtol(end, &end, 10);
    (void)strtol(end, &end, 10);
    to->terminal = (int)strtol(end, NULL, 10);
    return true;
}

static void
each_process(void (*f)(const struct seen *p, void *to), void *to)
{
    DIR *d = opendir("/proc");
    struct dirent *e;
    struct seen p;

    if (!d)
        err(1, "/proc");
    while ((e = readdir(d)))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
            read_process(e->d_name, &p))
            f(&p, to);
    closedir(d);
}

static void
count_zombie(const struct seen *p, void *to)
{
    *(int *)to += p->state == 'Z' && p->parent == 1;
}

static void
leave_orphan(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (fork() == 0)
            sleep_ms(2); /* its parent is gone by then */
        _exit(0);
    }
    if (pid < 0)
        err(1, "fork");
    while (waitpid(pid, NULL, 0) < 0)
        ;
}

static void
leave_orphans(long count)
{
    long begin = now_ms();
    int most = 0;

    for (long i = 0; i < count; i++) {
        leave_orphan();
        long ahead = i - (now_ms() - begin);
        if (ahead > 0)
            sleep_ms(ahead);
        if (i % 500 == 499) {
            int zombies = 0;
            each_process(count_zombie, &zombies);
            most = zombies > most ? zombies : most;
        }
    }
    printf("%ld orphans in %ld ms, at most %d zombies\n", count,
           now_ms() - begin, most);
    fflush(stdout);
}

struct victims {
    pid_t pids[64];
    int count;
};

static void
add_victim(const struct seen *p, void *to)
{
    struct victims *v = to;

    if (p->parent == 1 && p->terminal == 0 && p->pid != getpid() &&
        v->count < 64)
        v->pids[v->count++] = p->pid;
}

static void
kill_some(long seconds)
{
    long end = now_ms() + seconds * 1000, killed = 0;

    while (now_ms() < end) {
        struct victims v = {.count = 0};
        sleep_ms(20 + rand() % 400);
        each_process(add_victim, &v);
        if (v.count > 0 && kill(v.pids[rand() % v.count], SIGKILL) == 0)
            killed++;
    }
    printf("killed %ld\n", killed);
    fflush(stdout);
}

static void
kill_at_terminal(const struct seen *p, void *to)
{
    (void)to;
    if (p->terminal != 0)
        kill(p->pid, SIGKILL);
}

static void
mute(long ms)
{
    int fd = open("/dev/console", O_RDWR | O_NOCTTY);

    if (fd < 0 || ioctl(fd, TCXONC, TCOOFF) != 0)
        err(1, "/dev/console");
    each_process(kill_at_terminal, NULL);
    sleep_ms(ms);
    ioctl(fd, TCXONC, TCOON);
}

/* ---- Words ---- */

static void
flood(long count)
{
    char text[512];
    const char *fd = getenv("NOTIFY_FD");

    memset(text, '\n', sizeof(text));
    while (count-- > 0)
        if (fork() == 0)
            for (;;)
                (void)!write(fd ? atoi(fd) : -1, text, sizeof(text));
}

static void
pulse(long ms)
{
    for (;;) {
        notify("WATCHDOG=1");
        sleep_ms(ms);
    }
}

static bool
is(const char *word, size_t n, const char *name)
{
    return strlen(name) == n && strncmp(word, name, n) == 0;
}

static void
do_word(const char *word)
{
    const char *equals = strchr(word, '=');
    const char *text = equals ? equals + 1 : "";
    long number = strtol(text, NULL, 10);
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    char status[128];

    if (is(word, n, "ready"))
        notify("READY=1");
    else if (is(word, n, "beat"))
        notify("WATCHDOG=1");
    else if (is(word, n, "status")) {
        snprintf(status, sizeof(status), "STATUS=%s", text);
        notify(status);
    } else if (is(word, n, "say"))
        dprintf(1, "%s\n", text);
    else if (is(word, n, "sleep"))
        sleep_ms(number);
    else if (is(word, n, "exit"))
        _exit((int)number);
    else if (is(word, n, "pulse"))
        pulse(number);
    else if (is(word, n, "ignore"))
        signal(SIGTERM, SIG_IGN);
    else if (is(word, n, "die"))
        raise(SIGUSR1);
    else if (is(word, n, "fork"))
        go_on_elsewhere(text);
    else if (is(word, n, "memory")) {
        if (!malloc((size_t)number << 20))
            err(1, "memory");
    } else if (is(word, n, "flood"))
        flood(number);
    else if (is(word, n, "mute"))
        mute(number);
    else if (is(word, n, "orphans"))
        leave_orphans(number);
    else if (is(word, n, "kill"))
        kill_some(number);
    else if (is(word, n, "stay"))
        for (;;)
            sleep(1000);
    else
        errx(2, "%s: no such word", word);
}

int
main(int argc, char **argv)
{
    srand((unsigned)getpid());
    for (int i = 1; i < argc; i++)
        do_word(argv[i]);
    return 0;
}
