"""Programs of user/tests, each run in init's place: status 0 is a pass."""

import os
import re

import harness
from harness import cases, run_program

# What a program needs that two harts and 128 MiB are not.
MACHINES = {
    "cow": dict(harts=4),
    "fuzz": dict(harts=4),
    "hog": dict(memory="32M"),
    "names": dict(harts=4),
    "pids": dict(memory="512M"),
    "trace": dict(harts=1, memory="32M", bootargs="trace=all",
                  extra=("-icount", "shift=0,sleep=off")),
    "uptime": dict(harts=1, extra=("-icount", "shift=0,sleep=off")),
}
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


@cases(**{name: {"name": name} for name in names()})
def test_run(name):
    """It finds nothing wrong."""
    status, output = run_program(f"/tests/{name}", **MACHINES.get(name, {}))
    assert status == 0, f"exit status {status}\n{harness.printable(output)[-1500:]}"
    assert re.search(MESSAGES.get(name, ""), output)
