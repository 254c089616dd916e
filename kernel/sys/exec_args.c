#include "sys/exec_args.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "proc/process.h"

/* Limits as Linux has them: of one string, and of all with the pointers to
 * them, which may have a quarter of the stack. */
#define STRING_BYTES 131072u
#define ARGS_BYTES   (2u << 20)
#define FIRST_ROOM   2048u

/* Doubles the room, up to ARGS_BYTES. */
static int
grow(struct exec_args *args)
{
    size_t room = args->room > 0 ? args->room * 2 : FIRST_ROOM;
    uint64_t stack = process_current()->space->limit_stack;
    if (room > MAX(MIN(ARGS_BYTES, stack / 4), (uint64_t)STRING_BYTES))
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
    if (n < 0 || n >= (int64_t)STRING_BYTES)
        return n < 0 ? (int)n : -E2BIG;
    args->len += (size_t)n + 1;
    return 0;
}

int
exec_args_add_user(struct exec_args *args, uaddr_t array, unsigned *count)
{
    for (; array.v != 0; array = uaddr_add(array, sizeof(uint64_t))) {
        uint64_t string;
        int error = uaccess_read(&string, array, sizeof(string));
        if (error != 0 || string == 0)
            return error;
        error = add_user_string(args, uaddr(string));
        if (error != 0)
            return error;
        ++*count;
        if ((args->argc + args->envc) * sizeof(string) + args->len > ARGS_BYTES)
            return -E2BIG;
    }
    return 0;
}

int
exec_args_read_script(struct file *file, char *line, char **interpreter,
                      char **argument)
{
    struct uio uio;
    struct uio_vec vec;
    uio_init_kernel(&uio, &vec, line, SCRIPT_LINE_BYTES - 1);
    int64_t n = file_transfer(file, FILE_READ, &uio, &(uint64_t){0});
    if (n < 2 || line[0] != '#' || line[1] != '!')
        return n < 0 ? (int)n : -ENOEXEC;
    line[n] = '\0';
    char *end = strchr(line, '\n');
    if (!end)
        end = line + n;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    *interpreter = line + 2;
    while (**interpreter == ' ' || **interpreter == '\t')
        ++*interpreter;
    char *at = *interpreter;
    while (*at != '\0' && *at != ' ' && *at != '\t')
        at++;
    *argument = at;
    while (**argument == ' ' || **argument == '\t')
        ++*argument;
    *at = '\0';
    return **interpreter != '\0' ? 0 : -ENOEXEC;
}

int
exec_args_interpret(struct exec_args *args, const char *path,
                    const char *interpreter, const char *argument)
{
    struct OWNED(exec_args) old = *args;
    *args = (struct exec_args){.cred = old.cred};
    const char *text = old.text;
    int error = exec_args_add(args, text, NULL);
    text += strlen(text) + 1;
    error = error ?: exec_args_add(args, interpreter, &args->argc);
    if (error == 0 && *argument != '\0')
        error = exec_args_add(args, argument, &args->argc);
    error = error ?: exec_args_add(args, path, &args->argc);
    for (unsigned i = 0; error == 0 && i < old.argc + old.envc; i++) {
        if (i > 0)
            error = exec_args_add(args, text,
                                  i < old.argc ? &args->argc : &args->envc);
        text += strlen(text) + 1;
    }
    return error;
}
