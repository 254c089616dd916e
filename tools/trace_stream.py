#!/usr/bin/env python3
"""Read what the kernel's tracepoints recorded.

Usage: tools/trace_stream.py FILE

FILE is a stream as /dev/trace gives it (docs/tracing.md). As a program this
prints one line for each record, in the order of time; as a module it is for
programs that do more:

    with open("trace.bin", "rb") as file:
        stream = Stream(file)
        for record in merged(stream):
            print(record.seconds, record.name, record.fields)
"""

import dataclasses
import heapq
import struct
import sys

MAGIC = b"umtrace1"
HEAD = struct.Struct("<8sIIQ")
RECORD = struct.Struct("<HHHHIiQ")


class StreamError(Exception):
    """The bytes are no stream of records."""


@dataclasses.dataclass
class Event:
    """A line of the table."""

    number: int
    name: str  # "virtq.used"
    fields: list  # of (name, kind)

    @property
    def group(self):
        """The part of the name before the dot."""
        return self.name.split(".")[0]


@dataclasses.dataclass
class Record:
    """One thing that happened."""

    event: Event
    hart: int
    pid: int
    tid: int
    ticks: int
    seconds: float  # since the machine's clock began
    fields: dict  # values by name: int, or str

    @property
    def name(self):
        """The event's name."""
        return self.event.name


def parse_table(text):
    """Return the events that a table lists, by number."""
    events = {}
    for line in text.splitlines():
        number, name, *fields = line.split()
        pairs = [tuple(field.split(":")) for field in fields]
        events[int(number)] = Event(int(number), name, pairs)
    return events


class Stream:
    """The records of a file, in the order in which they lie there.

    A stream may end anywhere, even within a record: the machine may have
    stopped.
    """

    def __init__(self, file):
        self.file = file
        head = file.read(HEAD.size)
        if len(head) < HEAD.size or not head.startswith(MAGIC):
            raise StreamError("this is no trace: it does not start with umtrace1")
        _, table_bytes, self.harts, self.timebase_hz = HEAD.unpack(head)
        table = file.read(table_bytes)
        if len(table) < table_bytes:
            raise StreamError("the table of events is cut off")
        self.events = parse_table(table.rstrip(b"\0").decode("ascii"))

    def __iter__(self):
        """Give each record."""
        while len(head := self.file.read(RECORD.size)) == RECORD.size:
            size = RECORD.unpack(head)[0]
            if size < RECORD.size or size % 8:
                raise StreamError(f"a record of {size} bytes")
            body = self.file.read(size - RECORD.size)
            if len(body) < size - RECORD.size:
                return
            yield self.decode(head, body)

    def decode(self, head, body):
        """Return the record of these bytes."""
        _, number, hart, _, pid, tid, ticks = RECORD.unpack(head)
        event = self.events.get(number) or Event(number, f"unknown.{number}", [])
        fields, at = {}, 0
        for name, kind in event.fields:
            if kind == "s":
                text = body[at : at + 16].split(b"\0")[0]
                fields[name] = text.decode("utf-8", "backslashreplace")
                at += 16
            else:
                form = "<q" if kind == "d" else "<Q"
                (fields[name],) = struct.unpack_from(form, body, at)
                at += 8
        seconds = ticks / self.timebase_hz
        return Record(event, hart, pid, tid, ticks, seconds, fields)


def merged(stream):
    """Give the records of all harts in the order of time."""
    harts = {}
    for record in stream:
        harts.setdefault(record.hart, []).append(record)
    yield from heapq.merge(*harts.values(), key=lambda record: record.ticks)


def text_of(record):
    """Return a record as one line."""
    words = [f"{record.seconds:12.6f} {record.hart} {record.tid:5} {record.name:16}"]
    for name, kind in record.event.fields:
        value = record.fields[name]
        words.append(f"{name}={value:#x}" if kind == "x" else f"{name}={value}")
    return " ".join(words).rstrip()


def main():
    """Print the file that the command line names."""
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[1])
    try:
        with open(sys.argv[1], "rb") as file:
            for record in merged(Stream(file)):
                print(text_of(record))
    except (OSError, StreamError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    main()
