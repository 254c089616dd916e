#include "commands.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
complain(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
}

static void
print_entry(int dir, const char *name)
{
    char mode[11], target[256];
    struct stat st;
    ssize_t n;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        complain(name);
        return;
    }
    mode_string(st.st_mode, mode);
    printf("%s %3u %5u %10ld %s", mode, st.st_nlink, st.st_uid,
           (long)st.st_size, name);
    n = S_ISLNK(st.st_mode) ? readlinkat(dir, name, target, sizeof(target))
                            : -1;
    if (n >= 0)
        printf(" -> %.*s", (int)n, target);
    putchar('\n');
}

static void
run_ls(int count, char **words)
{
    const char *path = count > 1 ? words[1] : ".";
    DIR *d = opendir(path);
    struct dirent *e;

    if (!d && errno == ENOTDIR) {
        print_entry(AT_FDCWD, path);
        return;
    }
    if (!d) {
        complain(path);
        return;
    }
    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            print_entry(dirfd(d), e->d_name);
    closedir(d);
}

static void
run_cat(int count, char **words)
{
    char block[1024];

    for (int i = 1; i < count; i++) {
        int fd = open(words[i], O_RDONLY);
        ssize_t n = fd;
        while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0)
            fwrite(block, 1, (size_t)n, stdout);
        if (n < 0)
            complain(words[i]);
        if (fd >= 0)
            close(fd);
    }
}

static void
run_cd(int count, char **words)
{
    const char *path = count > 1 ? words[1] : "/";

    if (chdir(path) != 0)
        complain(path);
}

/* One line of /proc/PID/stat: "pid (name) state parent ...". */
static void
print_process(const char *pid)
{
    char path[300], text[256], *name, *end;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    f = fopen(path, "r");
    if (!f)
        return;
    if (fgets(text, sizeof(text), f) && (name = strchr(text, '(')) &&
        (end = strrchr(text, ')'))) {
        *end = '\0';
        printf("%5s %c %s\n", pid, end[2], name + 1);
    }
    fclose(f);
}

static void
run_ps(int count, char **words)
{
    DIR *d = opendir("/proc");
    struct dirent *e;

    (void)count;
    (void)words;
    if (!d) {
        complain("/proc");
        return;
    }
    while ((e = readdir(d)))
        if (isdigit(e->d_name[0]))
            print_process(e->d_name);
    closedir(d);
}

/* Without the "<6>" before each line, which is its level. */
static void
print_log(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool at_start = i == 0 || text[i - 1] == '\n';
        if (at_start && i + 2 < n && text[i] == '<' && text[i + 2] == '>')
            i += 3;
        if (i < n)
            putchar(text[i]);
    }
}

static void
run_dmesg(int count, char **words)
{
    int size = klogctl(SYSLOG_ACTION_SIZE_BUFFER, NULL, 0), n = -1;
    char *text = size > 0 ? malloc((size_t)size) : NULL;

    (void)count;
    if (text)
        n = klogctl(SYSLOG_ACTION_READ_ALL, text, size);
    if (n < 0)
        complain(words[0]);
    else
        print_log(text, (size_t)n);
    free(text);
}

static void
run_reboot(int count, char **words)
{
    (void)count;
    fflush(stdout);
    if (reboot(words[0][0] == 'r' ? RB_AUTOBOOT : RB_POWER_OFF) != 0)
        complain(words[0]);
}

static void
run_program(int count, char **words)
{
    int status = 0;
    pid_t pid;

    if (count < 2) {
        puts("run: which program?");
        return;
    }
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        execv(words[1], words + 1);
        complain(words[1]);
        fflush(stdout);
        _exit(127);
    }
    if (pid < 0) {
        complain("fork");
        return;
    }
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status))
        printf("%s: %s\n", words[1], strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        printf("%s: status %d\n", words[1], WEXITSTATUS(status));
}

static void run_help(int count, char **words);

static const struct {
    const char *name;
    void (*run)(int count, char **words);
    const char *help;
} commands[] = {
    {"help", run_help, "help            this list"},
    {"ls", run_ls, "ls [PATH]       files of a directory"},
    {"cat", run_cat, "cat FILE...     contents of files"},
    {"cd", run_cd, "cd [PATH]       change the working directory"},
    {"ps", run_ps, "ps              processes, if there is a /proc"},
    {"dmesg", run_dmesg, "dmesg           what the kernel said"},
    {"run", run_program, "run PATH ARG... start a program and wait for it"},
    {"poweroff", run_reboot, "poweroff        switch the machine off"},
    {"reboot", run_reboot, "reboot          start the machine again"},
};

static void
run_help(int count, char **words)
{
    (void)count;
    (void)words;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        puts(commands[i].help);
}

void
commands_run(int count, char **words)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, words[0]) == 0) {
            commands[i].run(count, words);
            return;
        }
    printf("%s: no such command; help lists what there is\n", words[0]);
}
