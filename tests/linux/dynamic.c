/* A program for Linux that test_memory.py has linked when it starts; linked
 * before, it finds that out. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

static int uninitialised[5000]; /* behind the end of what the file has */
static int initialised[] = {1, 2, 3};

/* The path of this program's dynamic linker. */
static const char *
linker(void)
{
    const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
    const char *base = NULL;

    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
        if (ph[i].p_type == PT_PHDR)
            base = (const char *)ph - ph[i].p_vaddr;
        if (ph[i].p_type == PT_INTERP)
            return base + ph[i].p_vaddr;
    }
    return NULL;
}

/* It is to be replaced, if need be, while programs run [execve(2)]. */
static bool
linker_is_busy(void)
{
    int fd = open(linker(), O_WRONLY);

    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ETXTBSY;
}

/* Executes itself, with an argument. */
static int
run_again(const char *self)
{
    int status;

    if (fork() == 0) {
        execl(self, self, "again", NULL);
        _exit(1);
    }
    return wait(&status) > 0 ? status : -1;
}

int
main(int argc, char **argv)
{
    char *block = malloc(1 << 20);
    int sum = 0;

    for (int i = 0; i < 5000; i++)
        sum += uninitialised[i];
    memset(block, 1, 1 << 20);
    if (sum != 0 || initialised[2] != 3 || block[12345] != 1)
        return 2;
    if (strtod("0.25", NULL) * argc != 0.25 * argc)
        return 3;
    if (getauxval(AT_BASE) == 0 || getauxval(AT_PHDR) == 0)
        return 4;
    free(block);
    if (argc > 1)
        return 0;
    if (run_again(argv[0]) != 0)
        return 5;
    if (linker_is_busy())
        return 6;
    printf("dynamic: all well\n");
    return 0;
}
