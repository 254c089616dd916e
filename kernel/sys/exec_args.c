#include "sys/exec_args.h"
#include "abi/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

#define FIRST_ROOM 2048u

/* Doubles the room, up to EXEC_ARGS_BYTES. */
static int
grow(struct exec_args *args)
{
    size_t room = args->room > 0 ? args->room * 2 : FIRST_ROOM;
    if (room > EXEC_ARGS_BYTES)
        return -E2BIG;
    char *text = kmalloc(room);
    if (!text)
        return -ENOMEM;
    memcpy(text, args->text, args->len);
    kfree(args->text);
    args->text = text;
    args->room = room;
    return 0;
}

int
exec_args_add(struct exec_args *args, const char *text, unsigned *count)
{
    size_t n = strlen(text) + 1;
    while (n > args->room - args->len) {
        int error = grow(args);
        if (error != 0)
            return error;
    }
    memcpy(args->text + args->len, text, n);
    args->len += n;
    if (count)
        ++*count;
    return 0;
}

/* Copies a user's string behind the others. */
static int
add_user_string(struct exec_args *args, uaddr_t string)
{
    int64_t n;
    while ((n = uaccess_read_string(args->text + args->len, string,
                                    args->room - args->len)) == -ENAMETOOLONG) {
        int error = grow(args);
        if (error != 0)
            return error;
    }
    if (n < 0)
        return (int)n;
    args->len += (size_t)n + 1;
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
        error = add_user_string(args, uaddr(string));
        if (error != 0)
            return error;
        (*count)++;
    }
}
