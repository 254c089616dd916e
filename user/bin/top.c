/* top: what uses the processors, and what the kernel does, again and again. */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <names.h>
#include <poll.h>
#include <prog.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: top [-d SECONDS] [-n ROUNDS]\n"
    "Show every 2 seconds which processes use the processors, and, to root,\n"
    "how often the kernel does what can be traced, and interrupts, a second.\n"
    "q ends it, a blank shows it anew at once.\n";

#define MANY   1024
#define GROUPS 16

struct process {
    long pid;
    uid_t user;
    char state, name[32];
    unsigned long ticks, before; /* CPU time in hundredths of a second */
    long pages;
};

struct group {
    char name[16];
    unsigned long count, before;
};

static struct process now[MANY], then[MANY];
static size_t nnow, nthen;
static struct group groups[GROUPS], devices[GROUPS];
static size_t ngroups, ndevices;
static unsigned long busy[2], idle[2];
static double seconds; /* since the last round */
static int rows = 24, columns = 80, line;
static struct termios terminal;
static bool is_terminal;

/* ---- The screen ---- */

static void
restore(void)
{
    if (is_terminal)
        tcsetattr(0, TCSANOW, &terminal);
    int fd = open("/dev/trace", O_WRONLY);
    if (fd >= 0 && write(fd, "~all", 4) != 4)
        warn("/dev/trace");
}

static void
end(int number)
{
    (void)number;
    exit(0);
}

/* One line, cut at the screen's edge; none below its end. */
static void
show(const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (line++ >= rows - 1)
        return;
    if (is_terminal) /* over what was there */
        printf("%-*.*s\r\n", columns - 1, columns - 1, text);
    else
        printf("%s\n", text);
}

static void
prepare_terminal(void)
{
    struct winsize size;
    is_terminal = tcgetattr(0, &terminal) == 0 && isatty(1);
    if (!is_terminal)
        return;
    struct termios raw = terminal;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(0, TCSANOW, &raw);
    if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_row > 4 &&
        size.ws_col > 20) {
        rows = size.ws_row;
        columns = size.ws_col;
    }
    printf("\033[2J");
}

/* ---- Processes ---- */

/* As /proc/PID/stat of Linux has them. */
static bool
parse(char *text, struct process *p)
{
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    unsigned long user = 0, system = 0;
    int field = 3;
    if (!open || !close || close[1] == '\0')
        return false;
    *close = '\0';
    strlcpy(p->name, open + 1, sizeof(p->name));
    p->pid = atol(text);
    p->state = close[2];
    for (char *rest = close + 2, *word; (word = strsep(&rest, " ")); field++) {
        if (field == 14)
            user = strtoul(word, NULL, 10);
        if (field == 15)
            system = strtoul(word, NULL, 10);
        if (field == 24)
            p->pages = atol(word);
    }
    p->ticks = user + system;
    return true;
}

static void
read_process(const char *pid)
{
    char path[300], text[1024];
    struct process *p = &now[nnow];
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    if (nnow == MANY || stat(path, &st) != 0 ||
        !prog_read_text(path, text, sizeof(text)) || !parse(text, p))
        return;
    p->user = st.st_uid;
    p->before = p->ticks;
    for (size_t i = 0; i < nthen; i++)
        if (then[i].pid == p->pid)
            p->before = then[i].ticks;
    nnow++;
}

static int
by_use(const void *a, const void *b)
{
    const struct process *p = a, *q = b;
    unsigned long used = p->ticks - p->before, others = q->ticks - q->before;
    if (used != others)
        return used < others ? 1 : -1;
    return (p->pid > q->pid) - (p->pid < q->pid);
}

static void
read_processes(void)
{
    struct dirent *e;
    DIR *d = opendir("/proc");
    if (!d)
        err(1, "/proc");
    memcpy(then, now, nnow * sizeof(now[0]));
    nthen = nnow;
    nnow = 0;
    while ((e = readdir(d)))
        if (isdigit((unsigned char)e->d_name[0]))
            read_process(e->d_name);
    closedir(d);
    qsort(now, nnow, sizeof(now[0]), by_use);
}

/* ---- Counters ---- */

/* Adds to the one of that name. */
static void
count(struct group *all, size_t *n, const char *name, unsigned long more)
{
    size_t i = 0;
    while (i < *n && strcmp(all[i].name, name) != 0)
        i++;
    if (i == GROUPS)
        return;
    if (i == *n)
        strlcpy(all[(*n)++].name, name, sizeof(all->name));
    all[i].count += more;
}

static void
begin(struct group *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        all[i].before = all[i].count;
        all[i].count = 0;
    }
}

/* "COUNT MODE ID group.name fields" a line. */
static void
read_events(void)
{
    char text[256], name[32];
    unsigned long n;
    FILE *f = fopen("/proc/trace", "r");
    begin(groups, ngroups);
    if (!f)
        return;
    while (fgets(text, sizeof(text), f)) {
        char *rest = text;
        n = strtoul(strsep(&rest, " "), NULL, 10);
        for (int i = 0; i < 2 && rest; i++)
            strsep(&rest, " ");
        if (!rest)
            continue;
        strlcpy(name, strsep(&rest, ". "), sizeof(name));
        count(groups, &ngroups, name, n);
    }
    fclose(f);
}

/* "NUMBER: COUNT... NAME" a line, behind one that names the harts. */
static void
read_interrupts(void)
{
    char text[1024];
    FILE *f = fopen("/proc/interrupts", "r");
    begin(devices, ndevices);
    if (!f)
        return;
    while (fgets(text, sizeof(text), f)) {
        char *at = strchr(text, ':'), *end_of;
        unsigned long sum = 0;
        if (!at)
            continue;
        for (at++;; at = end_of) {
            unsigned long n = strtoul(at, &end_of, 10);
            if (end_of == at)
                break;
            sum += n;
        }
        at += strspn(at, " ");
        at[strcspn(at, "\n")] = '\0';
        count(devices, &ndevices, at, sum);
    }
    fclose(f);
}

static void
read_harts(void)
{
    char text[2048];
    busy[0] = busy[1];
    idle[0] = idle[1];
    if (prog_read_text("/proc/stat", text, sizeof(text)) &&
        !strncmp(text, "cpu ", 4)) {
        char *at = text + 4;
        unsigned long user = strtoul(at, &at, 10), nice = strtoul(at, &at, 10);
        busy[1] = user + nice + strtoul(at, &at, 10);
        idle[1] = strtoul(at, &at, 10);
    }
}

/* ---- What is shown ---- */

static void
show_rates(const char *title, const struct group *all, size_t n)
{
    char text[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned long more = all[i].count - all[i].before;
        unsigned long rate =
            seconds > 0 ? (unsigned long)((double)more / seconds) : 0;
        char one[48];
        snprintf(one, sizeof(one), " %s %lu", all[i].name, rate);
        if (len + strlen(one) + strlen(title) >= (size_t)columns) {
            show("%s%s", title, text);
            len = 0;
        }
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", one);
    }
    if (len > 0)
        show("%s%s", title, text);
}

static void
show_summary(void)
{
    char up[64] = "", load[64] = "", memory[512] = "", *at;
    unsigned long work = busy[1] - busy[0], all = work + idle[1] - idle[0];
    unsigned long total = 0, unused = 0;
    prog_read_text("/proc/uptime", up, sizeof(up));
    prog_read_text("/proc/loadavg", load, sizeof(load));
    prog_read_text("/proc/meminfo", memory, sizeof(memory));
    if ((at = strstr(memory, "MemTotal:")))
        total = strtoul(at + 9, NULL, 10);
    if ((at = strstr(memory, "MemAvailable:")))
        unused = strtoul(at + 13, NULL, 10);
    up[strcspn(up, ".")] = '\0';
    show("up %s s   load %s   %zu processes", up, load, nnow);
    show("harts: %lu.%lu %% busy   memory: %lu of %lu KiB used",
         all ? work * 100 / all : 0, all ? work * 1000 / all % 10 : 0,
         total - unused, total);
}

static void
show_processes(void)
{
    show("%s", "");
    show("%7s %-8s S %6s %9s %9s  NAME", "PID", "USER", "%CPU", "KIB", "TIME");
    for (size_t i = 0; i < nnow && line < rows - 1; i++) {
        const struct process *p = &now[i];
        double used =
            seconds > 0 ? (double)(p->ticks - p->before) / seconds : 0;
        unsigned long tenths = (unsigned long)(used * 10);
        show("%7ld %-8s %c %4lu.%lu %9ld %6lu.%02lu  %s", p->pid,
             user_name(p->user), p->state, tenths / 10, tenths % 10,
             p->pages * 4, p->ticks / 100, p->ticks % 100, p->name);
    }
}

static void
show_all(void)
{
    static struct timespec last;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    seconds = last.tv_sec + last.tv_nsec == 0
                  ? 0
                  : (double)(t.tv_sec - last.tv_sec) +
                        (double)(t.tv_nsec - last.tv_nsec) / 1e9;
    last = t;
    read_harts();
    read_processes();
    read_events();
    read_interrupts();
    line = 0;
    if (is_terminal)
        printf("\033[H");
    show_summary();
    show_rates("events/s:", groups, ngroups);
    show_rates("interrupts/s:", devices, ndevices);
    show_processes();
    if (is_terminal)
        printf("\033[J");
    fflush(stdout);
}

/* Waits. Returns whether to go on. */
static bool
wait_for_key(int milliseconds)
{
    struct pollfd key = {.fd = 0, .events = POLLIN};
    char c = 0;
    if (!is_terminal) {
        poll(NULL, 0, milliseconds);
        return true;
    }
    if (poll(&key, 1, milliseconds) > 0 && read(0, &c, 1) != 1)
        return false;
    return c != 'q';
}

int
main(int argc, char **argv)
{
    unsigned long rounds = 0, delay = 2;
    int option;
    while ((option = prog_option(argc, argv, "d:n:", usage)) != -1)
        if (option == 'd')
            delay = prog_number(optarg, 3600);
        else
            rounds = prog_number(optarg, 1000000);
    int fd = open("/dev/trace", O_WRONLY);
    if (fd >= 0 && write(fd, "#all", 4) != 4)
        warn("/dev/trace");
    if (fd >= 0)
        close(fd);
    prepare_terminal();
    atexit(restore);
    signal(SIGINT, end);
    signal(SIGTERM, end);
    do
        show_all();
    while (--rounds != 0 && wait_for_key((int)delay * 1000));
    return 0;
}
