"""Threads, by programs built for Linux, on machines of different width. With musl they
run on four harts: test_musl.py."""

import os

import harness
from harness import Guest, cases

PROGRAMS = ("threads", "threads_end", "futex", "vfork", "waits",
            "users_threads")


@cases(one=dict(harts=1), eight=dict(harts=8))
def test_programs(harts):
    """Every case of each program passes, whoever runs beside it."""
    if not os.path.exists(harness.built(f"linux/{PROGRAMS[0]}")):
        raise harness.Skip("no compiler for Linux programs")
    with Guest(harts=harts) as guest:
        guest.boot()
        for program in PROGRAMS:
            output = guest.command(f"/linux/{program}; echo status $?")
            assert output.endswith("status 0"), harness.printable(output)[-2000:]


@cases(one=dict(harts=1), eight=dict(harts=8))
def test_storm(harts):
    """A thousand processes and threads come and go, and nothing is lost."""
    if not os.path.exists(harness.built("linux/storm")):
        raise harness.Skip("no compiler for Linux programs")
    with Guest(harts=harts, memory="256M") as guest:
        guest.boot()
        output = guest.command("/linux/storm; echo status $?")
        assert output.endswith("status 0"), harness.printable(output)[-2000:]
