/* dmesg: prints the kernel's log. */
#include <err.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

static const char usage[] = "usage: dmesg\nPrint the kernel's log.\n";

/* Prints lines without the "<6>" that gives their level. */
static void
print_lines(const char *text, const char *end)
{
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop ? stop : end;
        if (end - text > 2 && text[0] == '<' && text[2] == '>')
            text += 3;
        printf("%.*s\n", (int)(stop - text), text);
        text = stop + 1;
    }
}

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
    print_lines(text, text + n);
    prog_exit(0);
}
