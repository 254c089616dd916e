"""Step 7: a shell, with pipes and jobs. What came of them is on the disk."""

import hashlib
import random

from grading import check_equal, test

MACHINE = {"step": "machine", "section": "step-7-all-of-it", "evidence": ("disk", "status")}


def lines_of(seed):
    """Return random lines, more than a pipe holds."""
    rng = random.Random(f"{seed}:lines")
    return [f"{rng.randrange(10**8):08} {rng.randbytes(20).hex()}" for _ in range(3000)]


SCRIPT = """cat /lines | sort | cat | sha256sum > /sum
cat /lines | head -n 5 | wc -l > /five
sleep 1000 & kill $!; wait $!; echo $? > /ended
sleep 1000 & kill -STOP $!; kill -CONT $!; kill -KILL $!; wait $!; echo $? > /again
poweroff
"""


def boot(run):
    """Return the request for a machine in which a shell runs a script."""
    text = "".join(line + "\n" for line in lines_of(run.seed)).encode()
    files = {"/lines": text, "/script": SCRIPT.encode(),
             "/etc/services.d/script": b"exec = /bin/sh /script\ntype = oneshot\n"}  # fmt: skip
    return run.boot(files=files)


@test(points=2, **MACHINE, blames="move_bytes, wait_locked, write_rest, leave", hint="One of the tests before says it more simply.")
def pipelines_work(run):
    """In a shell's pipelines nothing is lost, and writers end with their readers."""
    record = yield boot(run)
    check_equal(record.status, 0, "the status of the machine's end", record)
    whole = "".join(x + "\n" for x in sorted(lines_of(run.seed))).encode()
    seen = record.image().read("/sum").split()[0].decode()
    check_equal(seen, hashlib.sha256(whole).hexdigest(), "the sum of all lines, sorted", record)
    check_equal(record.image().read("/five").split(), [b"5"], "the lines of a pipeline whose reader ends early", record)


@test(points=1, **MACHINE, blames="next_locked, signal_deliver, stop_locked", hint="What wait says of a child that a signal ended is 128 and the signal.")
def jobs_end(run):
    """Jobs end by the signals that they are sent."""
    record = yield boot(run)
    check_equal(record.image().read("/ended").split(), [b"143"], "the status of a job that got SIGTERM", record)
    check_equal(record.image().read("/again").split(), [b"137"], "that of one that was stopped, continued, and killed", record)
    record.image().check()
