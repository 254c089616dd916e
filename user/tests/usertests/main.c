#include "usertests.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

char long_name[257];
char long_path[4097];
char buffer[8192];
uint64_t too_many_ns[2] = {0, 1000000000};
static const char constant[4096] __attribute__((aligned(4096))) = "constant";
void *const read_only = (void *)constant;

static unsigned cases;
static bool any_failed;

static void
end_case(const char *name)
{
    any_failed |= tap_end_case(name);
    cases++;
}

void
case_fails(const char *name, long result, int error)
{
    int got = errno;

    if (result != -1 || got != error)
        tap_fail(__FILE__, __LINE__, "gave %ld, errno %d", result, got);
    end_case(name);
}

void
case_succeeds(const char *name, long result)
{
    check(result >= 0);
    end_case(name);
}

void
case_run(const char *name, void (*run)(void))
{
    run();
    end_case(name);
}

void
in_child(void (*body)(void))
{
    int status = -1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        body();
        _exit(tap_end_case("in a child"));
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
place(int fd, int number)
{
    if (fd < 0 || dup2(fd, number) != number || close(fd) != 0) {
        perror("usertests: cannot prepare");
        exit(1);
    }
}

void
usertests_prepare(void)
{
    int ends[2];

    memset(long_name, 'n', sizeof(long_name) - 1);
    for (size_t i = 0; i < sizeof(long_path) - 1; i++)
        long_path[i] = i % 2 ? 'p' : '/';
    if (mkdir("/tmp/usertests", 0755) != 0 || chdir("/tmp/usertests") != 0 ||
        mkdir(DIR_NAME, 0755) != 0 || mkdir(FULL_NAME, 0755) != 0 ||
        symlink(FILE_NAME, LINK_NAME) != 0 ||
        symlink(NO_NAME, LOST_NAME) != 0 ||
        symlink(LOOP_NAME, LOOP_NAME) != 0 || mkfifo(FIFO_NAME, 0644) != 0 ||
        pipe(ends) != 0) {
        perror("usertests: cannot prepare");
        exit(1);
    }
    place(open(FULL_NAME "/inside", O_CREAT | O_RDWR, 0644), FD_FILE);
    place(open(FILE_NAME, O_CREAT | O_RDWR, 0644), FD_FILE);
    check_eq(write(FD_FILE, "0123456789", 10), 10);
    place(open(FILE_NAME, O_RDONLY), FD_READ);
    place(open(FILE_NAME, O_WRONLY), FD_WRITE);
    place(open(DIR_NAME, O_RDONLY | O_DIRECTORY), FD_DIR);
    place(ends[0], FD_PIPE_R);
    place(ends[1], FD_PIPE_W);
    place(open("/dev/null", O_RDWR), FD_NULL);
    place(open(FILE_NAME, O_PATH), FD_PATH);
}

int
main(void)
{
    usertests_prepare();
    bad_descriptors();
    bad_transfers();
    bad_paths();
    bad_changes();
    bad_machine();
    bad_memory();
    bad_processes();
    bad_signals();
    bad_times();
    bad_events();
    bad_users();
    bad_sockets();
    good_files();
    good_changes();
    good_processes();
    good_machine();
    good_events();
    good_users();
    good_sockets();
    printf("1..%u\n", cases);
    fflush(stdout);
    return any_failed;
}
