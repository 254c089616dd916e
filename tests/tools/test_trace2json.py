"""tools/trace2json makes what the trace event format asks for, of any recording."""

import json
import os
import re
import struct
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "tools", "trace2json")

# What each kind of event has beside "ph", "pid", "tid" and "cat".
FIELDS = {
    "X": {"ts", "dur", "name"}, "B": {"ts", "name"}, "M": {"name", "args"},
    "i": {"ts", "name", "s"}, "C": {"ts", "name", "args"}, "b": {"ts", "name", "cat", "id"},
    "e": {"ts", "name", "cat", "id"}, "s": {"ts", "name", "cat", "id"},
    "f": {"ts", "name", "cat", "id", "bp"},
}  # fmt: skip

EVENTS = """0 trace.lost count:u
1 syscall.enter nr:u a0:x
2 syscall.exit nr:u result:d
3 sched.switch prev:d state:u next:d
4 sched.queue tid:d hart:u depth:u
5 irq.enter irq:u
6 irq.exit irq:u
7 fault.enter addr:x cause:u pc:x
8 fault.done addr:x result:d
9 blk.submit disk:s op:u sector:u bytes:u request:x
10 blk.done disk:s request:x status:d
11 proc.exec name:s
12 virtq.notify dev:u queue:u
13 proc.fork child:u tid:u
"""


def stream(*records, table=EVENTS):
    """Return a stream of records (time, hart, pid, tid, name, *values)."""
    numbers = {line.split()[1]: int(line.split()[0]) for line in table.splitlines()}
    text = table.encode()
    text += bytes(-len(text) % 8)
    data = b"umtrace1" + struct.pack("<IIQ", len(text), 2, 10_000_000) + text
    for time, hart, pid, tid, name, *values in records:
        body = b"".join(
            struct.pack("16s", v.encode()) if isinstance(v, str) else struct.pack("<Q", v % (1 << 64))
            for v in values
        )
        data += struct.pack("<HHHHIiQ", 24 + len(body), numbers[name], hart, 0, pid, tid, time) + body
    return data


REQUEST = 0xFFFFFFC080100040
RECORDS = (
    (100, 0, 5, 5, "proc.exec", "/bin/cat"),
    (110, 0, 5, 5, "syscall.enter", 63, 3),
    (120, 0, 5, 5, "fault.enter", 0x20000, 15, 0x10000),
    (130, 0, 5, 5, "fault.done", 0x20000, 0),
    (140, 0, 5, 5, "blk.submit", "vda", 0, 8, 4096, REQUEST),
    (145, 0, 5, 5, "virtq.notify", 0, 0),
    (150, 0, 5, 5, "sched.switch", 5, 1, 0),
    (200, 1, 0, 0, "irq.enter", 8),
    (210, 1, 0, 0, "blk.done", "vda", REQUEST, 0),
    (215, 1, 0, 0, "sched.queue", 5, 0, 1),
    (220, 1, 0, 0, "irq.exit", 8),
    (230, 0, 0, 0, "sched.switch", 0, 0, 5),
    (240, 0, 5, 5, "syscall.exit", 63, -5),
    (245, 1, 0, -2, "virtq.notify", 0, 0),
    (246, 0, 5, 5, "syscall.enter", 139, 0),  # rt_sigreturn, which has no exit
    (250, 0, 5, 5, "syscall.enter", 93, 0),
)


def convert(data, status=0):
    """Run the program on a stream; return its result, and what it said."""
    done = subprocess.run([PROGRAM, "-"], input=data, capture_output=True, check=False)
    assert done.returncode == status, done.stderr
    return (json.loads(done.stdout)["traceEvents"] if status == 0 else None), done.stderr.decode()


def check(events):
    """Hold events to the format."""
    slices, pairs, named = {}, {}, set()
    for event in events:
        assert {"ph", "pid", "tid", "cat"} | FIELDS[event["ph"]] <= set(event), event
        track = (event["pid"], event["tid"])
        if event["ph"] == "X":
            assert event["dur"] >= 0, event
            slices.setdefault(track, []).append((event["ts"], -event["dur"]))
        elif event["ph"] in "besf":
            pairs.setdefault((event["ph"] in "sf", event["id"]), []).append(event)
        elif event["ph"] == "M" and event["name"] == "thread_name":
            named.add(track)
    for row in slices.values():  # each slice is within another of its track, or beside it
        ends = []
        for start, length in sorted(row):
            while ends and ends[-1] <= start:
                ends.pop()
            assert not ends or start - length <= ends[-1] + 1e-6, (start, length, ends)
            ends.append(start - length)
    for (flow, _), (first, *rest) in pairs.items():
        assert first["ph"] == ("s" if flow else "b") and len(rest) <= 1
        assert all(e["ts"] >= first["ts"] and e["cat"] == first["cat"] for e in rest)
    assert {(e["pid"], e["tid"]) for e in events} - {(e["pid"], e["pid"]) for e in events} <= named


def test_format():
    """Slices nest, requests have both ends and an arrow, counters count."""
    events, said = convert(stream(*RECORDS))
    assert not said
    check(events)
    kinds = "".join(e["ph"] for e in events if e["ph"] != "M")
    assert set("XBisfbeC") == set(kinds), kinds
    (begin,) = [e for e in events if e["ph"] == "b"]
    (end,) = [e for e in events if e["ph"] == "e"]
    assert (begin["ts"], end["ts"]) == (4.0, 11.0)  # microseconds from the first record
    slices = {e["name"]: e for e in events if e["ph"] == "X" and e["cat"] in ("syscall", "fault")}
    assert slices["read"]["args"] == {"a0": "0x3", "result": -5}
    assert slices["page fault"]["args"]["result"] == 0
    assert [e["name"] for e in events if e["ph"] == "B"] == ["exit"]
    ran = [(e["ts"], e["dur"]) for e in events if e["ph"] == "X" and e["name"] == "cat (5)"]
    assert ran == [(0.0, 4.999), (13.0, 1.999)], ran
    assert len([e for e in events if e["ph"] == "X" and e["cat"] == "sched"]) == 3  # and the kernel


def test_harts_out_of_order():
    """Records are put in order by time, whichever hart's come first."""
    events, _ = convert(stream(*sorted(RECORDS, key=lambda record: -record[1])))
    check(events)
    assert [e["ts"] for e in events if e["ph"] in "be"] == [4.0, 11.0]


def test_damage():
    """What is before the damage is converted; what is no stream is refused."""
    whole = stream(*RECORDS)
    for cut in range(len(whole) - 60, len(whole), 7):
        events, said = convert(whole[:cut])
        check(events)
        assert len(events) > 20 and not said
    events, said = convert(whole[:-40] + bytes(40))
    check(events)
    assert "trace2json: after 15 records" in said, said
    for none in (b"", b"umtr", b"<html>", whole[:60]):
        _, said = convert(none, status=1)
        assert "trace2json: " in said


def test_names_of_events():
    """The kernel has every event that trace2json and the viewer know by name."""
    with open(os.path.join(ROOT, "kernel", "trace", "events.def"), encoding="utf-8") as file:
        defined = set(re.findall(r"^EVENT\((\w+), (\w+)", file.read(), re.M))
    sources = [PROGRAM]
    for folder, _, names in os.walk(os.path.join(ROOT, "tools", "trace-view", "src")):
        sources += [os.path.join(folder, name) for name in names]
    groups = "|".join({group for group, _ in defined})
    known = set()
    for source in sources:
        with open(source, encoding="utf-8") as file:
            known |= set(re.findall(rf'"({groups})\.([a-z]+)"', file.read()))
    assert known and known <= defined, known - defined
