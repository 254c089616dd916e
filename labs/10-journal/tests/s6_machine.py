"""Step 6: a machine that loses its power, and the next boot."""

import random
import struct

from _journal import BLOCK, PER_BLOCK, SECTOR, head

from grading import Fail, check, check_equal, test
from grading.disk import FLUSH

SECTION = "Step 6: All of it"
FILES, STEPS, SIZE = 8, 24, 16 << 20
OPERATIONS = "journal_commit,commit,journal_log_write,close_running,journal_edit,journal_end"


def plan(draw):
    """Return (the plan of tests/user/files.c, the states of /desk between its steps)."""
    data, states = b"", [{}]
    while len(states) <= STEPS:
        state = dict(states[-1])
        one, two = draw.sample(range(FILES), 2)
        what = draw.choice("wwwmu")
        if what != "w" and one not in state:
            continue
        new = draw.randbytes(draw.choice((0, 30, 3000, 9000))) if what == "w" else b""
        data += struct.pack("<HHHH", ord(what), one, two, len(new)) + new
        if what == "w":
            state[one] = new
        else:
            moved = state.pop(one)
            if what == "m":
                state[two] = moved
        states.append(state)
    return data, states


def working(run):
    """Return the request of the run whose disk loses its power; states; the disk. All
    tests share it."""
    draw = random.Random(f"{run.seed}:work")
    steps, states = plan(draw)
    disk = run.image({"/plan": steps, "/desk/new": b""}, ["files"], log=True)
    return run.boot("files", disks=[disk]), states, disk


def cut(disk, events, count, keep):
    """Return the disk as power loss after so many events leaves it; keep says which
    writes behind the last flush have reached it."""
    with open(disk.path, "rb") as file:
        data = bytearray(file.read().ljust(SIZE, b"\0"))
    last = max([i for i in range(count) if events[i][2] & FLUSH], default=0)
    for number, (sector, content, _) in enumerate(events[:count]):
        if number < last or keep(number):
            data[sector * SECTOR : sector * SECTOR + len(content)] = content
    return bytes(data)


def looked(run, data):
    """Return the request of the next boot, in which a program tells what is there."""
    slots = tuple(sorted(run.machine().slots[:2], reverse=True))
    return run.boot("files", machine=run.machine(slots=slots),
                    disks=[run.blank(data, size=SIZE), run.blank(size=1 << 20)])  # fmt: skip


def told(record):
    """Return what the program found: {number: content}."""
    check_equal(record.status, 0, "status of the program that looks at the disk", record)
    image = record.image(1)
    data, found = image.bytes(8, int.from_bytes(image.bytes(0, 8), "little")), {}
    while data:
        name, _, rest = data.partition(b"\0")
        length = int.from_bytes(rest[:4], "little")
        if len(rest) < 4 + length:
            raise Fail("what the program tells ends too early")
        if name != b"new":
            found[int(name)] = rest[4 : 4 + length]
        data = rest[4 + length :]
    return found


def events_of(record):
    """Return what happened to the disk, the program having ended well."""
    check_equal(record.status, 0, "the program's exit status", record)
    return list(record.image().writes())


@test(points=5, step="machine", section=SECTION, blames=OPERATIONS, evidence=("disk", "status"),
      hint="Each operation ended with a sync. What is found is older than one of them, or "
           "half of it.")  # fmt: skip
def operations_are_whole(run):
    """After a power cut the next boot finds a tree that there was between two operations."""
    request, states, disk = working(run)
    events = events_of((yield request))
    for _ in range(2):
        count = run.random.randrange(len(events) // 3, len(events))
        data = cut(disk, events, count, lambda _: run.random.random() < 0.5)
        record = yield looked(run, data)
        found = told(record)
        check(found in states, f"after {count} of {len(events)} writes: no state between two "
              f"operations; there are {sorted(found)}", record)  # fmt: skip
        record.image().check()


@test(points=3, step="machine", section=SECTION, blames=OPERATIONS, evidence=("disk", "status"),
      hint="sync returns when all is durable: behind a flush.")
def what_was_synced_is_there(run):
    """What a program has synced is there after a power cut."""
    request, states, disk = working(run)
    events = events_of((yield request))
    with open(disk.path, "rb") as file:
        file.seek(128 + 24)
        journal = int.from_bytes(file.read(8), "little")
    # Before the kernel marks the disk as clean, all that the program did is synced.
    clean = max([i for i, (sector, data, _) in enumerate(events) if sector == 0 and data],
                default=0)  # fmt: skip
    heads = [i for i, (sector, data, _) in enumerate(events[:clean])
             if sector == journal * PER_BLOCK and len(data) == SECTOR]  # fmt: skip
    check(heads, "the log was never emptied")
    for end in (heads[-1], clean, len(events)):
        found = told((yield looked(run, cut(disk, events, end, lambda _: False))))
        check_equal(sorted(found), sorted(states[-1]), f"files after {end} of {len(events)} writes")
        check(found == states[-1], f"a file is not as it was synced, {end} of {len(events)} writes")


@test(points=2, step="machine", section=SECTION,
      blames="journal_flush,checkpoint,journal_log_reset", evidence=("disk", "status"),
      hint="The end of a run brings all blocks to their places, and empties the log.")
def a_run_ends_clean(run):
    """When the machine is switched off in order the log is empty, and the disk sound."""
    request, _, _ = working(run)
    record = yield request
    check_equal(record.status, 0, "the program's exit status", record)
    image = record.image()
    image.check()
    journal = int.from_bytes(image.bytes(128 + 24, 8), "little")
    first = image.bytes(journal * BLOCK, 20)
    sequence = int.from_bytes(first[8:16], "little")
    check_equal(first, head(sequence)[:20], "the journal's head")
    check(sequence > 1, "the head is still the one that mkfs wrote")
    behind = image.bytes((journal + 1) * BLOCK, 16)
    check(int.from_bytes(behind[8:16], "little") != sequence, "the log still holds a transaction")


