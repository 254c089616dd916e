/* What is traced: the stream, who may read it, what an event costs, and that
 * nobody can do harm with it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tap.h>
#include <trace.h>
#include <unistd.h>

#define ROUNDS    1000
#define SWITCHERS 2

static struct trace trace;

static unsigned long
instructions(void)
{
    unsigned long n;
    __asm__ volatile("rdinstret %0" : "=r"(n));
    return n;
}

/* Instructions of one getpid. */
static unsigned long
cost_of_call(void)
{
    unsigned long before = instructions();
    for (int i = 0; i < ROUNDS; i++)
        getpid();
    return (instructions() - before) / ROUNDS;
}

/* The next of what there is. Nothing is recorded any more: else the reader's
 * waits, which the clock ends, would go on being recorded. */
static int
next_records(void)
{
    check_eq(trace_switch(&trace, "-all"), 0);
    return trace_collect(&trace, 0);
}

/* Collects all there is; returns how many records of the event, and of this
 * field's value if it is named, there were. */
static unsigned
collect(const char *name, const char *field, uint64_t value)
{
    unsigned found = 0;
    int number = trace_find(&trace, name);
    while (next_records() > 0)
        for (unsigned i = 0; i < trace.nrecords; i++) {
            const struct trace_record *r = trace.records[i];
            found += r->event == number &&
                     (!field || trace_field(&trace, r, field) == value);
        }
    return found;
}

static void
boot_is_in_it(void)
{
    check_eq(trace_open(&trace), 0);
    check(trace.timebase_hz > 0);
    check(trace_find(&trace, "virtq.used") > 0);
    check_eq(trace_find(&trace, "virtq.nothing"), -1);
    check(collect("boot.step", NULL, 0) > 5);
}

static void
only_one_reads(void)
{
    check_fails(EBUSY, open("/dev/trace", O_RDONLY));
    int fd = open("/dev/trace", O_WRONLY);
    check(fd >= 0);
    close(fd);
}

static void
nonsense_is_refused(void)
{
    char long_text[4096];
    memset(long_text, 'x', sizeof(long_text));
    check_fails(EINVAL, trace_switch(&trace, "+nothing"));
    check_fails(EINVAL, trace_switch(&trace, "+virtq +virtq.nothing"));
    check_fails(EINVAL, trace_switch(&trace, "+"));
    check_fails(EINVAL, trace_switch(&trace, "*all"));
    check_fails(EINVAL, write(trace.fd, "\0\0", 2));
    check_fails(EINVAL, write(trace.fd, long_text, sizeof(long_text)));
    check_fails(EFAULT, write(trace.fd, (void *)8, 4));
}

/* Each word is obeyed as a whole, whoever else writes; the last one holds. */
static void
several_may_switch(void)
{
    int status = 0, failed = 0;
    for (int i = 0; i < SWITCHERS; i++)
        if (fork() == 0) {
            int fd = open("/dev/trace", O_WRONLY), bad = 0;
            for (int k = 0; k < ROUNDS / 10; k++) {
                const char *text = k % 2 ? "+lock,-fault" : "-lock,+fault";
                bad += write(fd, text, 12) != 12;
            }
            _exit(bad != 0);
        }
    while (wait(&status) > 0)
        failed += status != 0;
    check_eq(failed, 0);
    check_eq(trace_switch(&trace, "-all"), 0);
    collect("fault.enter", NULL, 0);
    if (fork() == 0)
        _exit(0);
    wait(NULL);
    check_eq(collect("fault.enter", NULL, 0), 0);
}

static void
others_may_not(void)
{
    int status;
    if (fork() == 0) {
        check_eq(setuid(1000), 0);
        check_fails(EACCES, open("/dev/trace", O_RDONLY));
        check_fails(EACCES, open("/dev/trace", O_WRONLY));
        _exit(0);
    }
    check_eq(wait(&status) > 0 && status == 0, 1);
}

/* A child makes known calls; the reader itself is not in the stream. */
static void
calls_are_recorded(void)
{
    int status;
    check_eq(trace_switch(&trace, "-all,+syscall +proc"), 0);
    getpid();
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 5; i++)
            getppid();
        _exit(3);
    }
    check_eq(waitpid(child, &status, 0), child);
    unsigned calls = 0, exits = 0, forks = 0, mine = 0;
    while (next_records() > 0)
        for (unsigned i = 0; i < trace.nrecords; i++) {
            const struct trace_record *r = trace.records[i];
            const char *name = trace.events[r->event].name;
            bool is_exit = strcmp(name, "syscall.exit") == 0;
            mine +=
                r->pid == (uint32_t)getpid() && strncmp(name, "sys", 3) == 0;
            if (r->pid == (uint32_t)child && is_exit && r->words[0] == 173) {
                calls++;
                check_eq(r->words[1], getpid());
            }
            exits += strcmp(name, "proc.exit") == 0 &&
                     r->pid == (uint32_t)child && r->words[0] == 3 << 8;
            forks += strcmp(name, "proc.fork") == 0 &&
                     r->words[0] == (uint64_t)child;
        }
    check_eq(calls, 5);
    check_eq(exits, 1);
    check_eq(forks + mine, 0); /* the reader's own, both */
}

/* Each chain that is added is published, used and freed again, by its head. */
static void
chains_come_back(void)
{
    char *page = malloc(4096);
    unsigned added = 0, published = 0, used = 0, freed = 0, descs = 0;
    uint64_t heads = 0, described = 0;
    check_eq(trace_switch(&trace, "-all +virtq"), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open("/dev/vda", O_RDONLY);
        for (int i = 0; i < 8; i++)
            check_eq(pread(fd, page, 4096, (32 + i) << 20), 4096);
        _exit(0);
    }
    wait(NULL);
    while (next_records() > 0)
        for (unsigned i = 0; i < trace.nrecords; i++) {
            const struct trace_record *r = trace.records[i];
            const char *name = trace.events[r->event].name + 6;
            uint64_t head = trace_field(&trace, r, "head");
            if (strcmp(name, "add") == 0) {
                added++;
                heads |= 1ul << head % 64;
                described += trace_field(&trace, r, "count") +
                             trace_field(&trace, r, "indirect");
            }
            descs += strcmp(name, "desc") == 0;
            if (strcmp(name, "publish") == 0) {
                published++;
                check(heads >> head % 64 & 1);
            }
            if (strcmp(name, "used") == 0) {
                used++;
                check(heads >> trace_field(&trace, r, "id") % 64 & 1);
            }
            freed += strcmp(name, "free") == 0;
        }
    check(added >= 8);
    check_eq(published, added);
    check_eq(used, added);
    check_eq(freed, added);
    check_eq(descs, described);
    free(page);
}

/* Whoever does not read loses records, hears how many, and stops nobody. */
static void
what_is_lost_is_counted(void)
{
    int lost = trace_find(&trace, "trace.lost");
    uint64_t missing = 0, records = 0;
    check_eq(trace_switch(&trace, "-all +syscall.enter"), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 60000; i++)
            getppid();
        _exit(0);
    }
    wait(NULL);
    /* What says so comes with the next record that finds room. */
    for (int rounds = 0; rounds < 2; rounds++) {
        while (next_records() > 0)
            for (unsigned i = 0; i < trace.nrecords; i++) {
                const struct trace_record *r = trace.records[i];
                if (r->event == lost)
                    missing += r->words[0];
                else
                    records++;
            }
        check_eq(trace_switch(&trace, "+syscall.enter"), 0);
        if (fork() == 0)
            _exit(0);
        wait(NULL);
    }
    check(missing > 1000);
    check(records > 1000 && records + missing >= 60000);
    check(records + missing < 60100);
}

/* The trace of a thread that is killed ends, and nothing else does. */
static void
who_is_traced_can_be_killed(void)
{
    check_eq(trace_switch(&trace, "-all +all"), 0);
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                getppid();
        check(trace_collect(&trace, -1) > 0);
        check_eq(kill(child, SIGKILL), 0);
        check_eq(waitpid(child, NULL, 0), child);
    }
    check(collect("proc.exit", "status", SIGKILL) >= 1);
    check_eq(trace_switch(&trace, "-all"), 0);
}

/* In a child, which is not the reader: a call is an entry and an exit. */
static void
an_event_is_cheap(void)
{
    unsigned long *costs = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++) {
        const char *const words[] = {"-all", "+syscall", "-all"};
        check_eq(trace_switch(&trace, words[i]), 0);
        if (fork() == 0) {
            costs[i] = cost_of_call();
            _exit(0);
        }
        wait(NULL);
        collect("syscall.exit", NULL, 0);
    }
    printf("# getpid: %lu instructions, %lu traced\n", costs[0], costs[1]);
    check_eq(costs[0], costs[2]);
    check(costs[1] > costs[0]);
    check(costs[1] - costs[0] <= 2 * 60 + 30); /* and what comes between */
}

static void
all_is_off_when_the_reader_goes(void)
{
    check_eq(trace_switch(&trace, "+syscall"), 0);
    trace_close(&trace);
    unsigned long cost = cost_of_call();
    check_eq(trace_open(&trace), 0);
    collect("syscall.enter", NULL, 0);
    check_eq(cost_of_call(), cost);
    check_eq(collect("syscall.enter", NULL, 0), 0);
    trace_close(&trace);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(boot_is_in_it),
        TAP_CASE(only_one_reads),
        TAP_CASE(nonsense_is_refused),
        TAP_CASE(several_may_switch),
        TAP_CASE(others_may_not),
        TAP_CASE(calls_are_recorded),
        TAP_CASE(chains_come_back),
        TAP_CASE(what_is_lost_is_counted),
        TAP_CASE(who_is_traced_can_be_killed),
        TAP_CASE(an_event_is_cheap),
        TAP_CASE(all_is_off_when_the_reader_goes),
    };
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
