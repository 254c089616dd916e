#include <errno.h>
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
    if (argc > 0 && argv[0]) {
        const char *slash = strrchr(argv[0], '/');
        program_name = slash ? slash + 1 : argv[0];
    }
    exit(main(argc, argv, environ));
}
