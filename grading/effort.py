"""How much a process has worked, seen from outside and fair under load.

A thread that waits for a processor is not idle: what counts is the time it ran
or wanted to (/proc/PID/task/*/schedstat). Where that is missing, only the time
it ran counts.
"""

import os


def children(pid):
    """Return the processes that a process waits for."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def find(pid, name):
    """Return the process called name among pid and its descendants, or None."""
    waiting = [pid]
    while waiting:
        at = waiting.pop()
        try:
            with open(f"/proc/{at}/comm", encoding="utf-8") as file:
                if file.read().strip() == name[:15]:
                    return at
        except OSError:
            continue
        waiting += children(at)
    return None


def spent(pid):
    """Return (seconds run, seconds wanted) of all its threads so far."""
    ran = waited = 0.0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as f:
                on, off = f.read().split()[:2]
            ran += int(on) / 1e9
            waited += int(off) / 1e9
    except OSError:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ran = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            pass
    return ran, ran + waited
