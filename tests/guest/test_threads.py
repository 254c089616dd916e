"""Threads, by programs built for Linux, on machines of different width. With musl they
run on four harts: test_musl.py."""

from harness import cases, passes
from test_files import linux_program

PROGRAMS = ("threads", "threads_end", "futex", "vfork", "waits", "users_threads", "storm")


@cases(**{f"{name}_{harts}": dict(name=name, harts=harts)
          for harts in (1, 8) for name in PROGRAMS})  # fmt: skip
def test_programs(machine, name, harts):
    """Every case of each program passes, whoever runs beside it; of storm, a thousand
    processes and threads come and go on one hart, and some on eight."""
    part = "PART=4 " if harts == 8 else ""
    passes(machine(harts=harts, memory="256M"), part + linux_program(name))
