/* A thousand processes at once, and as many threads, again and again: none is
 * lost, and neither is memory. */
#include "tap.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY     1000 /* or a part of them */
#define FAMILIES 6
#define FEW      4
#define ROUNDS   3
#define SLACK    (1ul << 20) /* bytes that caches may hold more or less */

static pthread_barrier_t barrier;
static char *self_path;
static int many; /* of MANY */

/* Children that all live at the same time. */
static void
crowd(void)
{
    int gate[2], status, ended = 0;
    char c;

    check_eq(pipe(gate), 0);
    for (int i = 0; i < many; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            close(gate[1]);
            _exit(read(gate[0], &c, 1) == 0 ? i % 100 : 101);
        }
        check(pid > 0);
    }
    close(gate[0]);
    check_eq(waitpid(-1, &status, WNOHANG), 0);
    close(gate[1]); /* they all go at once */
    while (wait(&status) > 0) {
        check(WIFEXITED(status) && WEXITSTATUS(status) < 100);
        ended++;
    }
    check_eq(ended, many);
}

static void *
meet(void *arg)
{
    pthread_barrier_wait(&barrier);
    return arg;
}

static void
crowd_of_threads(void)
{
    static pthread_t threads[MANY];
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 32768);
    pthread_barrier_init(&barrier, NULL, (unsigned)many);
    for (int i = 0; i < many; i++)
        check_eq(pthread_create(&threads[i], &attr, meet, NULL), 0);
    for (int i = 0; i < many; i++)
        check_eq(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&barrier);
}

static pid_t
start_child(int kind)
{
    pid_t pid = kind % 2 ? fork() : vfork();

    if (pid == 0) {
        if (kind % 3)
            execl(self_path, self_path, "child", NULL);
        _exit(3);
    }
    return pid;
}

static void *
start_family(void *arg)
{
    for (int i = 0; i < 4; i++) {
        int status = -1;
        pid_t pid = start_child(i);
        check_eq(waitpid(pid, &status, 0), pid);
        check_eq(status, 3 << 8);
    }
    return arg;
}

/* Processes, programs and threads, all mixed, some of them killed. */
static void
families(void)
{
    pid_t pids[FAMILIES];
    pthread_t threads[FEW];
    int status;

    for (int i = 0; i < FAMILIES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            for (int k = 0; k < FEW; k++)
                pthread_create(&threads[k], NULL, start_family, NULL);
            for (int k = 0; k < FEW; k++)
                pthread_join(threads[k], NULL);
            _exit(0);
        }
    }
    for (int i = 0; i < FAMILIES; i += 2)
        check_eq(kill(pids[i], SIGKILL), 0);
    for (int i = 0; i < FAMILIES; i++) {
        check_eq(waitpid(pids[i], &status, 0), pids[i]);
        check(status == 0 || (i % 2 == 0 && status == SIGKILL));
    }
}

static unsigned long
free_memory(void)
{
    struct sysinfo info;

    check_eq(sysinfo(&info), 0);
    return info.freeram * info.mem_unit;
}

/* The process group of one in /proc, or 0 if it has gone. */
static int
group_of(const char *pid)
{
    char path[300], line[512] = "";
    const char *name_end;
    int group = 0;
    FILE *stat;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    stat = fopen(path, "r");
    if (!stat)
        return 0;
    if (fgets(line, sizeof(line), stat) && (name_end = strrchr(line, ')')))
        sscanf(name_end, ") %*c %*d %d", &group);
    fclose(stat);
    return group;
}

/* Those of this group: the system has others, which come and go. */
static int
count_processes(void)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    check(proc);
    while ((entry = readdir(proc)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            count += group_of(entry->d_name) == getpgrp();
    closedir(proc);
    return count;
}

/* What was killed may have left children, who go away by themselves. */
static void
until_processes(int count)
{
    for (int i = 0; i < 5000 && count_processes() > count; i++)
        usleep(1000);
    check_eq(count_processes(), count);
}

static void
again_and_again(void (*storm)(void))
{
    unsigned long before = 0, after;
    int count = count_processes();

    for (int round = 0; round < ROUNDS; round++) {
        storm();
        until_processes(count);
        if (round == 0)
            before = free_memory();
    }
    after = free_memory();
    if (after + SLACK < before)
        tap_fail(__FILE__, __LINE__, "%lu KiB are lost",
                 (before - after) >> 10);
}

static void
processes(void)
{
    again_and_again(crowd);
}

static void
threads(void)
{
    again_and_again(crowd_of_threads);
}

static void
mixed(void)
{
    again_and_again(families);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(processes),
        TAP_CASE(threads),
        TAP_CASE(mixed),
    };

    if (argc > 1)
        return 3;
    self_path = argv[0];
    many = tap_part(MANY);
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
