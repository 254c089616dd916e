"""Signals, by programs built for Linux, on machines of different width."""

import os

import harness
from harness import Guest, cases

PROGRAMS = [
    "signals_" + name
    for name in (
        "queue", "handlers", "frames", "vdso", "calls", "timers", "children", "threads"
    )  # fmt: skip
]


@cases(one=dict(harts=1), two=dict(harts=2), four=dict(harts=4))
def test_programs(harts):
    """Every case of each program passes, whoever runs beside it."""
    if not os.path.exists(harness.built(f"linux/{PROGRAMS[0]}")):
        raise harness.Skip("no compiler for Linux programs")
    with Guest(harts=harts) as guest:
        guest.boot()
        for program in PROGRAMS:
            output = guest.command(f"/linux/{program}; echo status $?")
            assert output.endswith("status 0"), harness.printable(output)[-2000:]


def test_interrupted_loop():
    """^C ends what the shell itself is busy with, and not the shell."""
    with Guest() as guest:
        guest.boot()
        guest.send("echo be''gun; while :; do :; done")
        guest.expect("begun\n")
        guest.type("\x03")
        guest.expect(harness.PROMPT)
        assert guest.command("echo $?") == "130"
