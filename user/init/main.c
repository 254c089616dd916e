/* init, the first process: brings the system up in four phases, then keeps its
 * services as they are wished until it is told to take it down. */
#include "console.h"
#include "control.h"
#include "depend.h"
#include "filesystems.h"
#include "load.h"
#include "log.h"
#include "loop.h"
#include "phase.h"
#include "reap.h"
#include "service.h"
#include "shutdown.h"
#include "status.h"
#include "supervise.h"
#include <down.h>
#include <err.h>
#include <errno.h>
#include <prog.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SERVICES "/etc/services.d"

/* Services that come up later than this after the others have begun do not
 * keep anybody from the console. */
#define CONSOLE_PATIENCE (200 * 1000000ul)

/* Essential services that take longer are no longer waited for: a file that
 * says ready-timeout = 0 must not keep the machine from coming up. */
#define ESSENTIAL_PATIENCE (30 * CONFIG_SECOND)

/* If all that are to have the console wait for others, a shell has it after
 * this. */
#define CONSOLE_WAITS (30 * CONFIG_SECOND)

/* What there is without service files, and in single-user mode. No file may
 * have such a name. */
#define SHELL "init-shell"
#define SHELL_FILE(exec)                                               \
    "description = a shell, and nothing else\n" exec "console = yes\n" \
    "restart = always\nrestart-limit = 0\nrestart-window = 10s\n"      \
    "restart-delay = 50ms\nstop-signal = HUP\nstop-timeout = 200ms\n"
static const char shell_file[] = SHELL_FILE("exec = /bin/sh\nargv0 = -sh\n");
static const char login_file[] = SHELL_FILE("exec = /bin/login\n");

static char *boot_words[64]; /* ends with NULL */
static enum phase now_in;
static struct timer patience; /* with those of this phase */
static bool waited_enough;
static struct timer console_patience;
static bool console_is_left;  /* by those who wait for it */
static bool console_is_lost;  /* nobody can log in */
static struct service *shell; /* of one of those files; NULL: not needed */

/* ---- How the machine was booted ---- */

static void
read_boot_words(void)
{
    static char line[1024];
    char *rest = line, *word;
    size_t n = 0;

    if (!prog_read_text("/proc/cmdline", line, sizeof(line)))
        return;
    while (n + 1 < sizeof(boot_words) / sizeof(*boot_words) &&
           (word = strsep(&rest, " ")))
        if (*word)
            boot_words[n++] = word;
}

static bool
is_booted_with(const char *word)
{
    for (char **w = boot_words; *w; w++)
        if (strcmp(*w, word) == 0)
            return true;
    return false;
}

static void
greet(void)
{
    struct utsname names;

    if (uname(&names) == 0)
        log_boot("%s %s on %s", names.sysname, names.release, names.machine);
}

/* ---- Phases 2 to 4 ---- */

/* Starts those of a phase that start with the system. */
static void
start_enabled(enum config_phase which)
{
    for (struct service *s = service_next(NULL); s; s = service_next(s))
        if (s->enabled && !s->broken && s->config->phase == which)
            (void)service_start(s, "boot");
}

/* Whether all that are wanted have come up, or will not, but for those that
 * wait for the console. */
static bool
have_settled(void)
{
    for (struct service *s = service_next(NULL); s; s = service_next(s))
        if (!depend_is_settled(s) && !s->config->console)
            return false;
    return true;
}

static bool
phase_is_over(void)
{
    return have_settled() || (now_in == PHASE_ESSENTIAL && waited_enough);
}

/* Whether somebody has the console, or will have it: but who waits for others
 * may wait for ever. */
static bool
has_console_service(bool patient)
{
    for (struct service *s = service_next(NULL); s; s = service_next(s))
        if (s->config->console && s->state != SERVICE_FAILED &&
            (s->pid || s->again ||
             (s->wanted && s->state == SERVICE_STOPPED &&
              (patient || !depend_waits_for(s)))))
            return true;
    return false;
}

static void
leave_console(struct timer *t)
{
    (void)t;
    console_is_left = true;
}

/* Where who is at the console has to say who that is, it is so of this shell,
 * too. */
static struct service *
load_shell(void)
{
    return load_text(SHELL, is_booted_with("login") ? login_file : shell_file,
                     boot_words);
}

/* Somebody must be able to look after what is wrong: if there is no shell of
 * the disk's, the one that is part of the kernel. But where people have to say
 * who they are it is no help: that shell asks nobody. */
static void
ensure_shell(void)
{
    if (has_console_service(false)) {
        loop_clear_timer(&console_patience);
        console_is_left = false;
        return;
    }
    if (has_console_service(true) && !console_is_left) {
        console_patience.fire = leave_console;
        if (!console_patience.due)
            loop_set_timer(&console_patience, loop_now() + CONSOLE_WAITS);
        return;
    }
    if (shell && shell->state == SERVICE_FAILED) {
        if (!is_booted_with("login"))
            errx(1, SHELL ": %s", shell->reason);
        if (!console_is_lost)
            log_error("nobody can log in: %s", shell->reason);
        console_is_lost = true;
        return;
    }
    log_error("no service has the console: %s takes it",
              is_booted_with("login") ? "login" : "a shell");
    if (!shell)
        shell = load_shell();
    if (!shell || service_start(shell, "no other has the console") != 0)
        errx(1, "there is no shell");
}

/* Whether the console must have been given to somebody. */
static bool
console_is_due(void)
{
    return now_in == PHASE_MONITOR || (now_in == PHASE_SYSTEM && waited_enough);
}

static void
lose_patience(struct timer *t)
{
    (void)t;
    if (now_in == PHASE_ESSENTIAL)
        log_error("essential services are not all ready: going on");
    if (now_in == PHASE_SYSTEM)
        depend_open_console();
    waited_enough = true;
}

static void
begin_phase(uint64_t how_patient)
{
    phase_begin(now_in);
    waited_enough = false;
    patience.fire = lose_patience;
    loop_set_timer(&patience, loop_now() + how_patient);
}

static void
next_phase(void)
{
    char summary[80];

    status_summarize(summary, sizeof(summary));
    phase_end(now_in, summary);
    now_in++;
    begin_phase(CONSOLE_PATIENCE);
    if (now_in == PHASE_SYSTEM)
        start_enabled(CONFIG_SYSTEM);
    if (now_in == PHASE_MONITOR) {
        log_boot("phase %d: monitoring", PHASE_MONITOR + 1);
        status_start();
        depend_open_console();
    }
}

static void
turn(void)
{
    supervise_turn();
    while (now_in < PHASE_MONITOR && phase_is_over()) {
        next_phase();
        supervise_turn();
    }
    if (console_is_due() && !shutdown_has_begun()) {
        ensure_shell();
        supervise_turn();
    }
    control_turn();
    shutdown_turn();
}

/* ---- Signals ---- */

static void
come_down(int number)
{
    if (number == DOWN_REBOOT)
        shutdown_begin(SHUTDOWN_REBOOT, "asked by reboot");
    else
        shutdown_begin(SHUTDOWN_POWER_OFF, number == SIGTERM
                                               ? "asked by SIGTERM"
                                               : "asked by poweroff");
}

static void
load_services(bool single)
{
    int count = -ENOENT;

    if (!single)
        count = load_directory(SERVICES, boot_words);
    if (count == -ENOENT && !single)
        log_error("there is no " SERVICES);
    else if (count < 0 && !single)
        log_error(SERVICES ": %s", strerror(-count));
    if (count < 0)
        shell = load_shell();
}

int
main(int argc, char **argv)
{
    bool single = argc > 1 && strcmp(argv[1], "single") == 0;
    enum filesystems found;
    char summary[80];

    console_open();
    if (getpid() != 1)
        errx(1, "is for the kernel to run, as the first process");
    setenv("PATH", "/bin:/sbin", 0);
    setenv("TERM", "vt100", 0);
    read_boot_words();
    if (is_booted_with("test.init"))
        __builtin_trap();
    log_set_quiet(is_booted_with("quiet"));
    phase_begin(PHASE_FILES);
    found = filesystems_start(!single, summary, sizeof(summary));
    if (found == FILESYSTEMS_MENDED)
        shutdown_start_anew();
    single |= found == FILESYSTEMS_DAMAGED;
    greet();
    phase_end(PHASE_FILES, summary);

    reap_start();
    loop_on_signal(SIGTERM, come_down);
    loop_on_signal(DOWN_POWER_OFF, come_down);
    loop_on_signal(DOWN_REBOOT, come_down);
    if (control_open() != 0)
        log_error("/run/init.sock: %s", strerror(errno));
    load_services(single);
    depend_break_cycles();
    now_in = PHASE_ESSENTIAL;
    begin_phase(ESSENTIAL_PATIENCE);
    start_enabled(CONFIG_ESSENTIAL);
    loop_at_end_of_turn(turn);
    loop_run();
}
