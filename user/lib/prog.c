#include <prog.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int
prog_option(int argc, char **argv, const char *letters, const char *usage)
{
    int c;

    if (optind < argc && strcmp(argv[optind], "--help") == 0) {
        fputs(usage, stdout);
        prog_exit(0);
    }
    if (optind < argc && strcmp(argv[optind], "-h") == 0 &&
        !strchr(letters, 'h')) {
        fputs(usage, stdout);
        prog_exit(0);
    }
    c = getopt(argc, argv, letters);
    if (c == '?')
        prog_usage(usage);
    return c;
}

void
prog_usage(const char *usage)
{
    fputs(usage, stderr);
    exit(2);
}

unsigned long
prog_number(const char *text, unsigned long max)
{
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (!isdigit(*text) || *end || errno || n > max)
        errx(2, "%s: not a number from 0 to %lu", text, max);
    return n;
}

void *
prog_realloc(void *old, size_t size)
{
    void *block = realloc(old, size ? size : 1);

    if (!block)
        errx(2, "out of memory");
    return block;
}

char *
prog_format(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        errx(2, "out of memory");
    va_end(args);
    return text;
}

int
prog_run(char *const argv[])
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        execvp(argv[0], argv);
        status = errno == ENOENT ? 127 : 126;
        warn("%s", argv[0]);
        _exit(status);
    }
    if (pid < 0)
        err(1, "fork");
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool
prog_ask(const char *format, ...)
{
    va_list args;
    int first, c;

    fflush(stdout);
    fprintf(stderr, "%s: ", program_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    first = c = getchar();
    while (c != '\n' && c != EOF)
        c = getchar();
    return first == 'y' || first == 'Y';
}

/* One input of prog_each_file. */
static bool
one_file(const char *name, void (*each)(FILE *f, const char *name))
{
    bool is_stdin = strcmp(name, "-") == 0, good;
    FILE *f = is_stdin ? stdin : fopen(name, "r");

    if (!f) {
        warn("%s", name);
        return false;
    }
    each(f, name);
    good = !ferror(f);
    if (!good)
        warn("%s", name);
    if (!is_stdin)
        fclose(f);
    return good;
}

bool
prog_each_file(int argc, char **argv, void (*each)(FILE *f, const char *name))
{
    bool good = true;

    if (optind == argc)
        return one_file("-", each);
    for (int i = optind; i < argc; i++)
        good &= one_file(argv[i], each);
    return good;
}

void
prog_exit(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        warn("write error");
        status = 1;
    }
    exit(status);
}

bool
prog_read_text(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY);
    size_t used = 0;
    ssize_t n;

    if (fd < 0)
        return false;
    while (used < size - 1 && (n = read(fd, to + used, size - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    if (used > 0 && to[used - 1] == '\n')
        used--;
    to[used] = '\0';
    return true;
}
