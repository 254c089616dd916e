"""Programs built for Linux, one after the other: status 0 is a pass."""

import re

import harness
from harness import cases, passes
from test_files import linux_program, run_as_init

# Programs, and the harts they are tried on; with musl, some on others: test_musl.py.
PROGRAMS = {
    "sched": (1, 2, 4),
    "poll": (1, 4),
    "locks": (2,),
    "ptys": (1, 4),
    "events": (1, 4),
    "sockets": (1, 4),
    "sockets_data": (1, 4),
    "sockets_control": (1, 4),
    "seccomp": (1, 4),
    "chroot": (2,),
    "landlock": (2,),
    "sockets_storm": (1, 4),
}


@cases(
    **{
        f"{name}_{harts}": {"name": name, "harts": harts}
        for harts in (1, 2, 4)
        for name, many in PROGRAMS.items()
        if harts in many
    }
)
def test_run(machine, name, harts):
    """It finds nothing that is not as on Linux. Where nobody runs beside it, less of the
    same is enough."""
    part = "PART=4 " if harts == 1 else ""
    passes(machine(harts=harts), part + linux_program(name))


def test_refusals_are_told():
    """Who makes a call that its filter forbids is named on the console; who makes many
    does not fill it."""
    status, output = run_as_init("seccomp", harts=1)
    line = (
        r"seccomp\[\d+\] of session \d+ \(.*\): system call getppid \(173\)"
        r" is not allowed: it is ended"
    )
    assert status == 0 and re.search(line, output), harness.printable(output)
    lines = len(re.findall(r"system call getgid \(176\) is made", output))
    assert 1 <= lines < 50, (lines, harness.printable(output))


def test_shares():
    """Threads share a hart fairly, by a clock that counts instructions, 8 ns each."""
    icount = ("-icount", "shift=3,sleep=off")
    status, output = run_as_init("sched_shares", harts=1, extra=icount)
    assert status == 0, harness.printable(output)[-3000:]
