"""What the kernel traced, out of its rings: also when it is dead."""

import heapq
import os
import re
import sys

import gdb

from . import kernel
from .command import command

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import trace_stream  # noqa: E402

FIELD = re.compile(r"([udxs])\((\w+)\)")
RECORD_MAX = 80  # kernel/trace/trace.h
LAST = 20


def events():
    """Return the table of events, by number, as a stream's head has it."""
    table = kernel.variable("kernel/trace/control.c", "events")
    found = {}
    for number in range(table.type.range()[1] + 1):
        name = kernel.string(table[number]["name"])
        fields = FIELD.findall(kernel.string(table[number]["fields"]))
        pairs = [(field, kind) for kind, field in fields]
        found[number] = trace_stream.Event(number, name, pairs)
    return found


def records(hart, ring, decode):
    """Return the records of a ring, oldest first: those that nobody has read, and
    all since its memory was last begun anew."""
    data, mask = int(ring["data"]), int(ring["mask"])
    taken, written = int(ring["taken"]), int(ring["written"])
    if data == 0:
        return []
    memory = bytes(gdb.selected_inferior().read_memory(data, mask + 1))
    found, at = [], min(taken, written & ~mask)
    while at < written:
        if at & mask > mask + 1 - RECORD_MAX:
            at = (at | mask) + 1
            continue
        record = memory[at & mask : (at & mask) + RECORD_MAX]
        size = int.from_bytes(record[:2], "little")
        if not trace_stream.RECORD.size <= size <= RECORD_MAX:
            break  # in the middle of being written
        head = trace_stream.RECORD.size
        found.append(decode(record[:head], record[head:size]))
        found[-1].hart = hart
        at += size
    return found


@command("trace [N]")
def trace(words):
    """What was traced last, of all harts.

    The last N records (20) that are in the rings, in the order of time.
    """
    count = kernel.number(words, 0, "number") if words else LAST
    stream = trace_stream.Stream.__new__(trace_stream.Stream)
    stream.events = events()
    stream.timebase_hz = int(kernel.variable("clock.c", "hz"))
    rings = kernel.variable("kernel/trace/ring.c", "rings")
    each = [
        records(hart, rings[hart], stream.decode)
        for hart in range(int(kernel.variable("cpu.c", "count")))
    ]
    merged = list(heapq.merge(*each, key=lambda record: record.ticks))
    if not merged:
        print("nothing was traced: bootarg trace=all, or echo +all >/dev/trace")
    for record in merged[-count:] if count > 0 else []:
        print(trace_stream.text_of(record))
