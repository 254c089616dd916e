"""Programs of user/tests, one after the other from a shell, or in init's place: status 0
is a pass."""

import os
import re

import harness
from harness import cases, passes, run_program

# Those that are run in init's place, and what they need that two harts and 128 MiB
# are not.
ALONE = {
    "fuzz": dict(harts=4),
    "hog": dict(memory="32M"),
    "pids": dict(memory="512M"),
    "process": {},
    "remount": {},
    "service": {},
    "signals": {},
    "trace": dict(harts=1, memory="32M", bootargs="trace=all",
                  extra=("-icount", "shift=0,sleep=off")),
    "uptime": dict(harts=1, extra=("-icount", "shift=0,sleep=off")),
}
WIDE = ("cow", "names")  # on four harts
# What the kernel has to say meanwhile.
MESSAGES = {"hog": r"out of memory: hog\[\d+\], with \d+ KiB, is ended"}


def names():
    """Return the names of those that are tests by themselves."""
    path = os.path.join(harness.ROOT, "user", "tests")
    files = os.listdir(path) if os.path.isdir(path) else []
    found = {os.path.splitext(f)[0] for f in files if not f.startswith(".")}
    return sorted(found - {"actor", "bench", "bench_disk", "bench_rates", "commits", "crash",
                           "disk_part", "exhaust", "hostile", "leave", "liar", "lurk",
                           "scaling", "structures"})


@cases(**{name: {"name": name} for name in names() if name not in ALONE and name not in WIDE},
       **{name: {"name": name, "harts": 4} for name in WIDE})  # fmt: skip
def test_run(machine, name, harts=2):
    """It finds nothing wrong."""
    passes(machine(harts=harts), f"/tests/{name}")


@cases(**{name: {"name": name} for name in names() if name in ALONE})
def test_alone(name):
    """It finds nothing wrong, as process 1."""
    status, output = run_program(f"/tests/{name}", **ALONE[name])
    assert status == 0, f"exit status {status}\n{harness.printable(output)[-1500:]}"
    assert re.search(MESSAGES.get(name, ""), output)
