/* ps: lists processes. */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <names.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: ps [-aefx]\n"
    "List all processes: user, number, parent, state (R running, S sleeping,\n"
    "D waiting for a device, T stopped, Z ended), memory in use, processor\n"
    "time, command. The options are accepted and change nothing.\n";

/* What /proc/PID/stat says; see proc(5) of Linux for the fields. */
struct process {
    uid_t user;
    long pid, parent;
    char state;
    unsigned long ticks; /* of a hundredth of a second */
    long pages;          /* resident */
    char name[64];
};

static struct process *processes;
static size_t count;

/* The field numbered n (from 1) behind the name, which is number 2. */
static const char *
field(const char *rest, int n)
{
    for (int i = 3; i < n && *rest; i++) {
        rest += strcspn(rest, " ");
        rest += *rest == ' ';
    }
    return rest;
}

static bool
parse(const char *text, struct process *p)
{
    /* The name may hold blanks and brackets. */
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    const char *rest;

    if (!open || !close || close < open || close[1] != ' ')
        return false;
    rest = close + 2;
    p->pid = atol(text);
    p->state = *rest;
    p->parent = atol(field(rest, 4));
    p->ticks =
        strtoul(field(rest, 14), NULL, 10) + strtoul(field(rest, 15), NULL, 10);
    p->pages = atol(field(rest, 24));
    snprintf(p->name, sizeof(p->name), "%.*s", (int)(close - open - 1),
             open + 1);
    return true;
}

static void
add(const char *pid)
{
    char path[300], text[1024];
    struct process p;
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    /* It may have ended meanwhile. */
    if (stat(path, &st) != 0 || !prog_read_text(path, text, sizeof(text)) ||
        !parse(text, &p))
        return;
    p.user = st.st_uid;
    processes = realloc(processes, (count + 1) * sizeof(*processes));
    if (!processes)
        err(1, "ps");
    processes[count++] = p;
}

/* The command line with blanks between, else the name in brackets. */
static void
show_command(const struct process *p)
{
    char path[64], text[512];
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/cmdline", p->pid);
    f = fopen(path, "r");
    if (f) {
        n = fread(text, 1, sizeof(text), f);
        fclose(f);
    }
    if (n == 0) {
        printf("[%s]\n", p->name);
        return;
    }
    for (size_t i = 0; i + 1 < n; i++)
        putchar(isprint((unsigned char)text[i]) ? text[i] : ' ');
    putchar('\n');
}

static int
compare(const void *a, const void *b)
{
    const struct process *p = a, *q = b;

    return (p->pid > q->pid) - (p->pid < q->pid);
}

int
main(int argc, char **argv)
{
    struct dirent *e;
    DIR *d;

    while (prog_option(argc, argv, "aefx", usage) != -1)
        ;
    d = opendir("/proc");
    if (!d)
        err(1, "/proc");
    while ((e = readdir(d)))
        if (isdigit(e->d_name[0]))
            add(e->d_name);
    closedir(d);
    qsort(processes, count, sizeof(*processes), compare);
    printf("%-8s %5s %5s S %8s %9s COMMAND\n", "USER", "PID", "PPID", "KIB",
           "TIME");
    for (size_t i = 0; i < count; i++) {
        const struct process *p = &processes[i];
        printf("%-8s %5ld %5ld %c %8ld %3lu:%02lu.%02lu ", user_name(p->user),
               p->pid, p->parent, p->state, p->pages * 4, p->ticks / 6000,
               p->ticks / 100 % 60, p->ticks % 100);
        show_command(p);
    }
    prog_exit(0);
}
