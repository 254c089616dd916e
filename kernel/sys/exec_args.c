#include "sys/exec_args.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

int
exec_args_init(struct exec_args *args, const char *path)
{
    *args = (struct exec_args){.text = kmalloc(EXEC_ARGS_BYTES)};
    if (!args->text)
        return -ENOMEM;
    args->len = strlcpy(args->text, path, EXEC_ARGS_BYTES) + 1;
    return 0;
}

void
exec_args_free(struct exec_args *args)
{
    kfree(args->text);
}

int
exec_args_add(struct exec_args *args, const char *text, unsigned *count)
{
    size_t n = strlen(text) + 1;

    if (n > EXEC_ARGS_BYTES - args->len)
        return -E2BIG;
    memcpy(args->text + args->len, text, n);
    args->len += n;
    (*count)++;
    return 0;
}

int
exec_args_add_user(struct exec_args *args, uaddr_t array, unsigned *count)
{
    if (array.v == 0)
        return 0;
    for (;; array = uaddr_add(array, sizeof(uint64_t))) {
        uint64_t string;
        int error = uaccess_read(&string, array, sizeof(string));
        if (error != 0)
            return error;
        if (string == 0)
            return 0;
        if (args->argc + args->envc == EXEC_ARGS_COUNT)
            return -E2BIG;
        int64_t n = uaccess_read_string(args->text + args->len, uaddr(string),
                                        EXEC_ARGS_BYTES - args->len);
        if (n < 0)
            return n == -ENAMETOOLONG ? -E2BIG : (int)n;
        args->len += (size_t)n + 1;
        (*count)++;
    }
}
