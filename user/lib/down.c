#include <down.h>
#include <err.h>
#include <prog.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

/* A first process that is something else would not know the signal. */
static bool
has_init(void)
{
    char name[32];

    return prog_read_text("/proc/1/comm", name, sizeof(name)) &&
           strcmp(name, "init") == 0;
}

int
down_main(int argc, char **argv, const char *usage, int signal,
          unsigned int command)
{
    bool force = false;

    while (prog_option(argc, argv, "f", usage) != -1)
        force = true;
    if (force || !has_init()) {
        sync();
        reboot(command);
        warn("reboot");
        return 1;
    }
    if (kill(1, signal) != 0) {
        warn("init");
        return 1;
    }
    for (;;)
        sleep(1000); /* until init ends this, too */
}
