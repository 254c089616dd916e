/* The page of code that the kernel gives every program: a shared object, whose
 * functions tell the same time as the system calls. */
#include "tap.h"
#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *image;
static const char *strings;
static const Elf64_Sym *symbols;
static const uint32_t *hash;
static const uint16_t *versions;
static const Elf64_Verdef *definitions;

static const char *
strings_at(unsigned offset)
{
    return strings + offset;
}

/* Finds the tables as a dynamic linker does. */
static void
read_tables(void)
{
    const Elf64_Ehdr *header;
    const Elf64_Phdr *ph;

    image = (const char *)getauxval(AT_SYSINFO_EHDR);
    check(image != NULL);
    header = (const Elf64_Ehdr *)image;
    check(memcmp(header->e_ident, ELFMAG, 4) == 0);
    check_eq(header->e_machine, EM_RISCV);
    ph = (const Elf64_Phdr *)(image + header->e_phoff);
    check_eq(ph[0].p_type, PT_LOAD);
    check_eq(ph[0].p_vaddr, 0);
    for (int i = 0; i < header->e_phnum; i++) {
        if (ph[i].p_type != PT_DYNAMIC)
            continue;
        for (const Elf64_Dyn *d = (const Elf64_Dyn *)(image + ph[i].p_vaddr);
             d->d_tag != DT_NULL; d++) {
            const void *at = image + d->d_un.d_ptr;
            if (d->d_tag == DT_STRTAB)
                strings = at;
            else if (d->d_tag == DT_SYMTAB)
                symbols = at;
            else if (d->d_tag == DT_HASH)
                hash = at;
            else if (d->d_tag == DT_VERSYM)
                versions = at;
            else if (d->d_tag == DT_VERDEF)
                definitions = at;
        }
    }
    check(strings && symbols && hash && versions && definitions);
}

static const char *
version_of(unsigned symbol)
{
    const Elf64_Verdef *def = definitions;

    while (def->vd_ndx != versions[symbol])
        def = (const Elf64_Verdef *)((const char *)def + def->vd_next);
    return strings_at(
        ((const Elf64_Verdaux *)((const char *)def + def->vd_aux))->vda_name);
}

static void *
find(const char *name)
{
    unsigned bucket = hash[2];

    for (unsigned i = bucket; i != 0; i = hash[2 + hash[0] + i])
        if (strcmp(strings_at(symbols[i].st_name), name) == 0) {
            check(strcmp(version_of(i), "LINUX_4.15") == 0);
            return (void *)(uintptr_t)(image + symbols[i].st_value);
        }
    tap_fail(__FILE__, __LINE__, "no %s", name);
    return NULL;
}

static int (*vdso_gettime)(clockid_t clock, struct timespec *time);
static int (*vdso_getres)(clockid_t clock, struct timespec *time);
static int (*vdso_gettimeofday)(struct timeval *time, void *zone);

static void
functions_are_found(void)
{
    read_tables();
    check_eq(*(const uint32_t *)find("__vdso_rt_sigreturn"), 0x08b00893);
    *(void **)&vdso_gettime = find("__vdso_clock_gettime");
    *(void **)&vdso_getres = find("__vdso_clock_getres");
    *(void **)&vdso_gettimeofday = find("__vdso_gettimeofday");
}

static int64_t
ns(const struct timespec *time)
{
    return time->tv_sec * 1000000000ll + time->tv_nsec;
}

/* Asked in turns, neither is ahead of the other. */
static void
both_tell_the_same_time(void)
{
    static const clockid_t clocks[] = {
        CLOCK_REALTIME,        CLOCK_MONOTONIC,        CLOCK_MONOTONIC_RAW,
        CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};

    for (unsigned i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        int64_t before = 0;
        for (int turn = 0; turn < 1000; turn++) {
            struct timespec time = {0};
            if (turn % 2)
                check_eq(vdso_gettime(clocks[i], &time), 0);
            else
                check_eq(syscall(SYS_clock_gettime, clocks[i], &time), 0);
            check(time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
            check(ns(&time) >= before);
            before = ns(&time);
        }
    }
}

static void
the_day_is_the_same(void)
{
    struct timeval here, there;
    struct timespec now;

    check_eq(vdso_gettimeofday(&here, NULL), 0);
    check_eq(syscall(SYS_gettimeofday, &there, NULL), 0);
    check_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
    check(here.tv_sec * 1000000ll + here.tv_usec <=
          there.tv_sec * 1000000ll + there.tv_usec);
    check(there.tv_sec * 1000000ll + there.tv_usec <= ns(&now) / 1000);
}

static void
others_are_asked_for(void)
{
    struct timespec time = {-1, -1};

    check_eq(vdso_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), 0);
    check(time.tv_sec >= 0 && time.tv_nsec >= 0);
    check_eq(vdso_gettime(99, &time), -EINVAL);
    check_eq(vdso_getres(CLOCK_MONOTONIC, &time), 0);
    check_eq(ns(&time), 1);
    check_eq(vdso_getres(CLOCK_MONOTONIC, NULL), 0);
    check_eq(vdso_getres(99, &time), -EINVAL);
}

static void
nobody_writes_to_it(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        *(volatile char *)(uintptr_t)image = 0;
        _exit(0);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGSEGV);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(functions_are_found), TAP_CASE(both_tell_the_same_time),
        TAP_CASE(the_day_is_the_same), TAP_CASE(others_are_asked_for),
        TAP_CASE(nobody_writes_to_it),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
