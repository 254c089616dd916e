/* truncate: sets the sizes of files. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <size.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: truncate [-c] -s [+-<>/%]SIZE|-r MODEL FILE...\n"
    "Cut FILEs to SIZE, or extend them with zeros; make those that are not\n"
    "there. SIZE can have a unit: K, M, G are powers of 1024.\n"
    "  +  by SIZE more   <  to at most SIZE    /  down to a multiple of SIZE\n"
    "  -  by SIZE less   >  to at least SIZE   %  up to a multiple of SIZE\n"
    "  -c  make no files                       -r  to the size of MODEL\n";

static char how; /* + - < > / % or 0 */
static off_t size;

/* The size that a file of now bytes is to have; -1 if that is too large. */
static off_t
wanted(off_t now)
{
    off_t n = size;

    switch (how) {
    case '+':
        return __builtin_add_overflow(now, size, &n) ? -1 : n;
    case '-':
        return now > size ? now - size : 0;
    case '<':
        return now < size ? now : size;
    case '>':
        return now > size ? now : size;
    case '/':
        return now - now % size;
    case '%':
        if (now % size == 0)
            return now;
        return __builtin_add_overflow(now, size - now % size, &n) ? -1 : n;
    default:
        return size;
    }
}

static void
read_size(const char *text)
{
    text += strspn(text, " ");
    how = *text && strchr("+-<>/%", *text) ? *text++ : '\0';
    size = (off_t)size_of(text);
    if (size == 0 && (how == '/' || how == '%'))
        errx(2, "there are no multiples of 0");
}

/* 0, or -1 with errno set. */
static int
set_size(const char *path, bool create)
{
    int flags = O_WRONLY | O_CLOEXEC | (create ? O_CREAT : 0), error = 0;
    int fd = open(path, flags, (mode_t)0666);
    struct stat st;

    if (fd < 0)
        return errno == ENOENT && !create ? 0 : -1;
    if (fstat(fd, &st) != 0)
        error = errno;
    else if (wanted(st.st_size) < 0)
        error = EFBIG;
    else if (ftruncate(fd, wanted(st.st_size)) != 0)
        error = errno;
    close(fd);
    return error ? errno_fail(error) : 0;
}

int
main(int argc, char **argv)
{
    bool create = true, given = false;
    struct stat model;
    int status = 0, c;

    while ((c = prog_option(argc, argv, "cr:s:", usage)) != -1) {
        if (c == 'c')
            create = false;
        else if (c == 's')
            read_size(optarg);
        else if (stat(optarg, &model) != 0)
            err(1, "%s", optarg);
        else
            size = model.st_size;
        given |= c != 'c';
    }
    if (optind == argc || !given)
        prog_usage(usage);
    for (; optind < argc; optind++)
        if (set_size(argv[optind], create) != 0) {
            warn("%s", argv[optind]);
            status = 1;
        }
    prog_exit(status);
}
