#include "syscalls.h"
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    int number;
} syscalls[] = {
#define SYSCALL(number, name, arguments) {#name, (number)},
#include "abi/syscalls.def"
#undef SYSCALL
};

int
syscall_find(const char *name)
{
    for (size_t i = 0; i < sizeof(syscalls) / sizeof(*syscalls); i++)
        if (strcmp(syscalls[i].name, name) == 0)
            return syscalls[i].number;
    return -1;
}
