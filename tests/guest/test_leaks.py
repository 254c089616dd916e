"""What programs used comes back: frames are counted before and after."""

import os
import re

import harness
import test_programs
from harness import Guest, cases

# Of memory, processes, signals, threads, files and sockets: those that take no long time.
FEW = [
    *("/tests/" + n for n in ("content", "mounts", "usertests")),
    *("/linux/" + n for n in ("mmap", "memory_calls", "signals_threads", "waits", "spawn",
                              "names", "futex", "sched", "sockets_control", "sockets_data")),
]
# These are init, keep memory for good, or need a machine of their own.
NOT_FROM_A_SHELL = {"fuzz", "hog", "remount", "service", "signals", "uptime"}
# Caches fill in the first round, and kernel stacks are kept for as many threads
# as there ever were at once, which chance decides; a leak has no end.
ROUNDS = 6
SLACK = 8  # frames: slabs are given back when they are empty, not before
ALL = os.environ.get("LEAKS") == "all"  # by make leaks
HARTS = {"four": {"harts": 4}} | ({"one": {"harts": 1}} if ALL else {})


def programs():
    """Return the programs to run: a few, or every one of the suite."""
    if not ALL:
        found = FEW
    else:
        linux = os.listdir(os.path.join(harness.ROOT, "tests", "linux"))
        found = [f"/tests/{n}" for n in test_programs.names() if n not in NOT_FROM_A_SHELL]
        found += sorted(f"/linux/{n[:-2]}" for n in linux if n.endswith(".c") and n != "load.c")
    return [p for p in found if os.path.exists(harness.built(made_at(p)))]


def made_at(path):
    """Return where the build puts a program of the test disk."""
    return path[1:] if path.startswith("/linux/") else "user" + path


def free_frames(guest):
    """Return the number of frames that are free once nothing runs, or hold
    blocks of the disk that could be dropped. These count twice: the header of
    each may be the last one in a slab."""
    output = guest.command("rm -rf /tmp/*; sync; cat /proc/meminfo")
    available = int(re.search(r"MemAvailable: +(\d+) kB", output)[1]) // 4
    return available + int(re.search(r"Buffers: +(\d+) kB", output)[1]) // 4


@cases(**HARTS)
def test_frames(harts):
    """Running programs again leaves as many frames free as before."""
    with Guest(harts=harts, memory="512M") as guest:
        guest.boot()
        counts = []
        for _ in range(ROUNDS):
            for program in programs():
                output = guest.command(f"{program} >/dev/null 2>&1; echo status $?")
                assert "status" in output, harness.printable(output)[-2000:]
            counts.append(free_frames(guest))
            if len(counts) > 1 and counts[-2] - counts[-1] <= SLACK:
                return
        assert False, f"each time frames are lost: {counts}"
