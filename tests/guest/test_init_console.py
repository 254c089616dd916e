"""The service manager: who has the console, and what there is if all else fails."""

import re

from harness import PROMPT, RECOVERY, Guest
from services import (
    ICOUNT, events_of, image, log_of, power_off, service, settled_log_of, wait_for,
)  # fmt: skip


def test_no_services(tmp):
    """Without a directory of services there is a shell."""
    path = image(tmp, {}, remove=["/etc/services.d"])
    with Guest(disks=[path]) as guest:
        assert "there is no /etc/services.d" in guest.boot()
        assert guest.command("echo alive") == "alive"
        power_off(guest)


def test_no_console(tmp):
    """If no service takes the console, a shell does."""
    broken = "exec = /bin/sh\nconsole = perhaps\n"
    with Guest(disks=[image(tmp, {}, files={"/etc/services.d/console": broken}.items())]) as guest:
        output = guest.boot()
        assert "/etc/services.d/console: line 2" in output
        assert "no service has the console" in output
        assert guest.command("echo alive") == "alive"


def test_single():
    """init=single gives a shell and starts no service."""
    with Guest(bootargs="init=single") as guest:
        guest.boot()
        states = [e[1] for e in events_of(log_of(guest))]
        assert set(states) == {"init-shell"}, states
        power_off(guest)


def test_single_shell_stopped():
    """The only shell there is starts again, whoever stops it."""
    with Guest(bootargs="init=single") as guest:
        guest.boot()
        guest.send("svc stop init-shell")
        guest.expect("no service has the console")
        guest.expect(PROMPT)
        assert guest.command("echo alive") == "alive"


def test_console_while_others_start(tmp):
    """A service that never comes up does not keep the console from all."""
    files = {"console": "exec = /bin/sh\nconsole = perhaps\n", "long": service(type="oneshot")}
    with Guest(disks=[image(tmp, files)]) as guest:
        assert "no service has the console" in guest.boot()
        assert "phase 4" not in log_of(guest)


def test_console_waits(tmp):
    """If who is to have the console waits for ever, a shell has it, and makes
    room once the other can start."""
    files = {
        "console": "exec = /bin/sh\nargv0 = -sh\nconsole = yes\nrequires = late\n",
        "late": service("sleep=60000 ready stay", type="notify", ready_timeout="0"),
    }
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        assert "no service has the console: a shell takes it" in guest.boot()
        wait_for(guest, "late: starting -> running")
        assert "console: stopped -> starting" not in log_of(guest)
        guest.send("exit")
        guest.expect(PROMPT)
        log = log_of(guest)
        when = {(name, state): time for time, name, _, state, _ in events_of(log)}
        assert ("console", "starting") in when, log
        assert when["init-shell", "starting"] - when["late", "starting"] >= 30, log


def test_console_done(tmp):
    """Who has had the console and is done with it keeps nobody from it."""
    files = {"console": "exec = /bin/true\ntype = oneshot\nconsole = yes\n"}
    with Guest(disks=[image(tmp, files)]) as guest:
        assert "no service has the console" in guest.boot()


def test_nobody_can_log_in(tmp):
    """Who does not say who he is gets no shell, however broken login is; and
    the machine's services go on."""
    files = {
        "off": service(exec='/bin/sh -c "sleep 3; echo all is well; poweroff"',
                       output="console"),
    }  # fmt: skip
    disk = image(tmp, files, remove=["/bin/login"])
    with Guest(disks=[disk], bootargs="login") as guest:
        guest.expect("nobody can log in: cannot run: /bin/login: No such file or directory")
        guest.expect("all is well")
        assert guest.wait() == 0
        assert "recovery" not in guest.output


def test_console_stopped(tmp):
    """A console that takes nothing does not hold init up."""
    files = {"mute": service("mute=3000", type="oneshot", enable="no")}
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        settled_log_of(guest)
        guest.send("svc start mute")
        guest.expect(PROMPT)
        events = events_of(wait_for(guest, "mute: starting -> running"))
    when = {(name, state): time for time, name, _, state, _ in events}
    assert when["console", "starting"] < when["mute", "running"], events
    assert when["console", "starting"] - when["console", "stopped"] < 2, events


def test_no_shell(tmp):
    """Without any shell on the disk, the kernel's own takes over."""
    with Guest(disks=[image(tmp, {}, remove=["/bin/sh"])]) as guest:
        output = guest.boot(RECOVERY)
        assert "init-shell: cannot run: /bin/sh: No such file" in output
        assert "init exited with status 1" in output


def test_init_crashes():
    """A fault of init's leads to the kernel's recovery shell, with the reason."""
    with Guest(bootargs="test.init") as guest:
        assert re.search(r"init was ended by signal \d+", guest.boot(RECOVERY))
        guest.send("poweroff")
        assert guest.wait() == 0
