/* dmesg: prints the kernel's log. */
#include <err.h>
#include <prog.h>
#include <stdlib.h>
#include <sys/klog.h>

static const char usage[] = "usage: dmesg\nPrint the kernel's log.\n";

int
main(int argc, char **argv)
{
    char *text;
    int size, n;

    prog_option(argc, argv, "", usage);
    size = klogctl(SYSLOG_ACTION_SIZE_BUFFER, NULL, 0);
    if (size < 0)
        err(1, "syslog");
    text = malloc((size_t)size + 1);
    if (!text)
        err(1, "dmesg");
    n = klogctl(SYSLOG_ACTION_READ_ALL, text, size);
    if (n < 0)
        err(1, "syslog");
    fwrite(text, 1, (size_t)n, stdout);
    if (n > 0 && text[n - 1] != '\n')
        putchar('\n');
    prog_exit(0);
}
