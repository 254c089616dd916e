/* Copies /in to /out. */
#include <fcntl.h>
#include <unistd.h>

int
main(void)
{
    static char bytes[8192];
    int in = open("/in", O_RDONLY, 0);
    ssize_t len = read(in, bytes, sizeof(bytes));
    int out = open("/out", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || len < 0 || write(out, bytes, (size_t)len) != len)
        return 1;
    return fsync(out) == 0 ? 0 : 2;
}
