"""Signals, by programs built for Linux, on machines of different width."""

import os
import re

import harness
from harness import Guest, cases, passes
from test_files import linux_program

ROUNDS = 100
PROGRAMS = [
    "signals_" + name
    for name in (
        "queue", "handlers", "frames", "vdso", "calls", "timers", "children", "threads"
    )  # fmt: skip
]


@cases(
    **{f"{name}_{harts}": dict(name=name, harts=harts) for harts in (1, 2, 4) for name in PROGRAMS}
)
def test_programs(machine, name, harts):
    """Every case of each program passes, whoever runs beside it."""
    passes(machine(harts=harts), linux_program(name))


def test_interrupted_loop():
    """^C ends what the shell itself is busy with, and not the shell."""
    with Guest() as guest:
        guest.boot()
        guest.send("echo be''gun; while :; do :; done")
        guest.expect("begun\n")
        guest.type("\x03")
        guest.expect(harness.PROMPT)
        assert guest.command("echo $?") == "130"


def test_no_signal_is_missed():
    """Whenever a signal comes, the shell sees to it: here in a busy loop."""
    loop = "while :; do case $got in 1) break;; esac; done"
    with Guest() as guest:
        guest.boot()
        guest.command("trap got=1 USR1")
        rounds = "1 2 3 4 5 6 7 8 9 10"
        for _ in range(ROUNDS):
            guest.command(
                f"for i in {rounds}; do got=; (kill -USR1 $$) & {loop}; wait; done"
            )
        assert guest.command("echo $got") == "1"


def test_report():
    """The console says what a program that crashed was doing."""
    if not os.path.exists(harness.built("linux/signals_frames")):
        raise harness.Skip("no compiler for Linux programs")
    with Guest() as guest:
        guest.boot()
        guest.command("sh -c 'kill -QUIT $$'")
        guest.command("/linux/signals_frames")
    fault = r"signals_frames\[\d+\]: ended by signal 11, code 1, pc 0x[0-9a-f]+"
    found = re.search(fault, guest.output)
    assert found
    registers = guest.output[found.end() :]
    assert re.search(r"ra [0-9a-f]{16}.*sp [0-9a-f]{16}", registers)
    assert "store page fault" in registers
    assert re.search(r"sh\[\d+\]: ended by signal 3, code 0, pc", guest.output)


def test_reports_are_few():
    """Some crashes at once are reported each, many are not."""
    with Guest() as guest:
        guest.boot()
        for _ in range(2):
            guest.command("for i in 1 2 3 4 5 6 7 8; do sh -c 'kill -QUIT $$'; done")
        seconds = float(guest.command("cat /proc/uptime").split()[0])
    reports = len(re.findall(r": ended by signal 3, ", guest.output))
    assert 5 <= reports <= 5 + seconds, reports
