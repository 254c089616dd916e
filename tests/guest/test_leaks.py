"""What programs used comes back: frames are counted before and after."""

import os
import re

import harness
from harness import Guest, cases

# Of memory, processes, signals, threads, files and sockets.
PROGRAMS = ["/tests/" + n for n in ("memory", "cow", "names", "mounts", "sockets")]
LINUX = ["/linux/" + n for n in ("threads", "waits", "spawn", "sched",
                                  "sockets_control", "sockets_storm")]
# Caches fill in the first round, and kernel stacks are kept for as many threads
# as there ever were at once, which chance decides; a leak has no end.
ROUNDS = 6
SLACK = 8  # frames: slabs are given back when they are empty, not before


def free_frames(guest):
    """Return the number of frames that are free once nothing runs."""
    output = guest.command("sync; cat /proc/meminfo")
    return int(re.search(r"MemFree: +(\d+) kB", output)[1]) // 4


@cases(one=dict(harts=1), four=dict(harts=4))
def test_frames(harts):
    """Running programs again leaves as many frames free as before."""
    linux = LINUX if os.path.exists(harness.built(LINUX[0][1:])) else []
    with Guest(harts=harts) as guest:
        guest.boot()
        counts = []
        for _ in range(ROUNDS):
            for program in PROGRAMS + linux:
                output = guest.command(f"{program} >/dev/null; echo status $?")
                assert "status" in output, harness.printable(output)[-2000:]
            counts.append(free_frames(guest))
            if len(counts) > 1 and counts[-2] - counts[-1] <= SLACK:
                return
        assert False, f"each time frames are lost: {counts}"
