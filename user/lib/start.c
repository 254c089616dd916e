#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/cdefs.h>
#include <unistd.h>

char **environ;
const char *program_name = "?";

static const struct {
    uint64_t tag, value;
} * auxv;

int main(int argc, char **argv, char **envp);
NORETURN void libc_start(uintptr_t *stack);

unsigned long
getauxval(unsigned long tag)
{
    for (size_t i = 0; auxv[i].tag != AT_NULL; i++)
        if (auxv[i].tag == tag)
            return auxv[i].value;
    errno = ENOENT;
    return 0;
}

/* The program has rights that who runs it has not: what it opens must not
 * become its standard error, and what it runs must be what it means. */
static void
distrust(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd < 0)
        _exit(127);
    close(fd);
    setenv("PATH", "/bin:/sbin", 1);
}

/* stack: argc, the arguments and a null, the environment and a null, then
 * pairs of the auxiliary vector up to AT_NULL, as the kernel laid them. */
void
libc_start(uintptr_t *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    char **end;

    environ = argv + argc + 1;
    end = environ;
    while (*end)
        end++;
    auxv = (const void *)(end + 1);
    if (getauxval(AT_SECURE))
        distrust();
    if (argc > 0 && argv[0]) {
        const char *slash = strrchr(argv[0], '/');
        program_name = slash ? slash + 1 : argv[0];
    }
    exit(main(argc, argv, environ));
}
