/* dd: copies a file block by block. */
#include "dd.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <size.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: dd [if=FILE] [of=FILE] [bs=SIZE] [count=N] [NAME=VALUE...]\n"
    "Copy from standard input to standard output, or the FILEs.\n"
    "  bs, ibs, obs  bytes of a block (512), of one read, of one written\n"
    "  count         blocks to copy; skip first so many of the input (skip)\n"
    "                or of the output (seek)\n"
    "  conv          notrunc, nocreat, excl, fsync, fdatasync, noerror (go on\n"
    "                after a read error), sync (fill blocks with zeros)\n"
    "  iflag, oflag  fullblock, append, dsync, sync, direct, nonblock\n"
    "  status        none, noxfer\n"
    "SIZE can have a unit (K, M, G); words of a list have commas between.\n";

static struct options options;
static struct totals totals;
static const char *in_name, *out_name;
static int status;
static char *pending; /* output that does not fill a block yet */
static size_t pending_len;

static void
open_files(void)
{
    int out_flags = O_WRONLY | O_CLOEXEC | options.out_flags;
    int in = STDIN_FILENO, out = STDOUT_FILENO;

    in_name = options.in ? options.in : "standard input";
    out_name = options.out ? options.out : "standard output";
    if (options.in)
        in = open(options.in, O_RDONLY | O_CLOEXEC | options.in_flags);
    if (in < 0 || (options.in && dup2(in, STDIN_FILENO) < 0))
        err(1, "%s", in_name);
    if (!options.no_create)
        out_flags |= O_CREAT | (options.exclusive ? O_EXCL : 0);
    /* With seek, what is before it stays. */
    if (!options.no_truncate && options.seek == 0)
        out_flags |= O_TRUNC;
    if (options.out)
        out = open(options.out, out_flags, (mode_t)0666);
    if (out < 0 || (options.out && dup2(out, STDOUT_FILENO) < 0))
        err(1, "%s", out_name);
}

/* Reads one block; 0 at the end, -1 on an error. */
static ssize_t
read_block(char *to)
{
    size_t got = 0;
    ssize_t n;

    do {
        n = read(STDIN_FILENO, to + got, options.in_size - got);
        if (n > 0)
            got += (size_t)n;
    } while ((n < 0 && errno == EINTR) ||
             (n > 0 && options.full_blocks && got < options.in_size));
    return got > 0 ? (ssize_t)got : n;
}

static void
skip_input(char *buffer)
{
    uint64_t bytes;

    if (options.skip == 0 ||
        (!__builtin_mul_overflow(options.skip, options.in_size, &bytes) &&
         (off_t)bytes >= 0 && lseek(STDIN_FILENO, (off_t)bytes, SEEK_CUR) >= 0))
        return;
    for (uint64_t i = 0; i < options.skip; i++) {
        ssize_t n = read_block(buffer);
        if (n < 0)
            err(1, "%s", in_name);
        if (n == 0) {
            warnx("%s: ends before the blocks to skip do", in_name);
            return;
        }
    }
}

static void
seek_output(void)
{
    struct stat st;
    uint64_t bytes;

    if (options.seek == 0)
        return;
    if (__builtin_mul_overflow(options.seek, options.out_size, &bytes) ||
        (off_t)bytes < 0)
        errx(1, "%s: cannot be that large", out_name);
    if (lseek(STDOUT_FILENO, (off_t)bytes, SEEK_CUR) < 0)
        err(1, "%s", out_name);
    if (!options.no_truncate && fstat(STDOUT_FILENO, &st) == 0 &&
        S_ISREG(st.st_mode) && ftruncate(STDOUT_FILENO, (off_t)bytes) != 0)
        err(1, "%s", out_name);
}

/* Writes one block, as one call if the file takes it. */
static void
write_block(const char *from, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t written = write(STDOUT_FILENO, from + done, n - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            warn("%s", out_name);
            status = 1;
            return;
        }
        done += (size_t)written;
        totals.bytes += (uint64_t)written;
    }
    if (n == options.out_size)
        totals.out_full++;
    else
        totals.out_part++;
}

/* Collects output until it fills blocks. */
static void
put(const char *from, size_t n)
{
    while (n > 0 && status == 0) {
        size_t part = options.out_size - pending_len;
        part = n < part ? n : part;
        memcpy(pending + pending_len, from, part);
        pending_len += part;
        from += part;
        n -= part;
        if (pending_len == options.out_size) {
            write_block(pending, pending_len);
            pending_len = 0;
        }
    }
}

/* After a read error: says so, and steps over the block if that is wanted.
 * Whether to go on. */
static bool
step_over(void)
{
    warn("%s", in_name);
    if (!options.go_on ||
        lseek(STDIN_FILENO, (off_t)options.in_size, SEEK_CUR) < 0) {
        status = 1;
        return false;
    }
    return true;
}

static void
copy(char *buffer)
{
    for (uint64_t i = 0; i < options.count && status == 0; i++) {
        ssize_t n = read_block(buffer);
        size_t len = n > 0 ? (size_t)n : 0;
        if (n == 0 || (n < 0 && !step_over()))
            break;
        if (n > 0 && len == options.in_size)
            totals.in_full++;
        else if (n > 0)
            totals.in_part++;
        if (options.pad && len < options.in_size) {
            memset(buffer + len, 0, options.in_size - len);
            len = options.in_size;
        }
        if (options.one_size && len > 0)
            write_block(buffer, len);
        else
            put(buffer, len);
    }
    if (pending_len > 0 && status == 0)
        write_block(pending, pending_len);
}

static void
finish(void)
{
    if (options.full_sync || options.data_sync)
        if ((options.full_sync ? fsync : fdatasync)(STDOUT_FILENO) != 0) {
            warn("%s", out_name);
            status = 1;
        }
    if (close(STDOUT_FILENO) != 0) {
        warn("%s", out_name);
        status = 1;
    }
}

static void
report(const struct timespec *start)
{
    char size[8], rate[8];
    struct timespec now;
    uint64_t us;

    if (options.quiet)
        return;
    fprintf(stderr, "%lu+%lu records in\n%lu+%lu records out\n",
            (unsigned long)totals.in_full, (unsigned long)totals.in_part,
            (unsigned long)totals.out_full, (unsigned long)totals.out_part);
    if (options.no_rate)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    us = (uint64_t)(now.tv_sec - start->tv_sec) * 1000000 +
         (uint64_t)((now.tv_nsec - start->tv_nsec) / 1000);
    size_human(totals.bytes, size);
    size_human((uint64_t)((double)totals.bytes * 1e6 / (double)(us ? us : 1)),
               rate);
    fprintf(stderr, "%lu bytes (%s) copied, %lu.%03lu s, %s/s\n",
            (unsigned long)totals.bytes, size, (unsigned long)(us / 1000000),
            (unsigned long)(us / 1000 % 1000), rate);
}

int
main(int argc, char **argv)
{
    struct timespec start;
    char *buffer;

    prog_option(argc, argv, "", usage);
    options_read(&options, argv + optind);
    buffer = prog_realloc(NULL, options.in_size);
    pending = prog_realloc(NULL, options.out_size);
    clock_gettime(CLOCK_MONOTONIC, &start);
    open_files();
    skip_input(buffer);
    seek_output();
    copy(buffer);
    finish();
    report(&start);
    return status;
}
