"""Breakpoints by what the kernel traces: an event, and values of its fields.

Every tracepoint that is on calls trace_record (kernel/trace/ring.c) with a word that
has the event's number, and then its fields."""

import gdb

from . import tracing
from .command import command

WORD = 8  # bytes; a text has two words


def places(event):
    """Return {field: (kind, number of its first word)}."""
    result, at = {}, 1
    for name, kind in event.fields:
        result[name] = kind, at
        at += 2 if kind == "s" else 1
    return result


def is_traced(event):
    """Return whether an event's group is on."""
    group = gdb.parse_and_eval(f"(int)TRACE_GROUP_{event.group}")
    return int(gdb.parse_and_eval("trace_switches")["groups"][int(group)]) != 0


def register(number):
    """Return the value of argument register a<number>, unsigned."""
    return int(gdb.parse_and_eval(f"(unsigned long)$a{number}"))


class EventBreakpoint(gdb.Breakpoint):
    """Stops where an event is recorded whose fields have the values."""

    def __init__(self, event, wanted):
        """wanted: {number of a word: value}."""
        super().__init__("*trace_record")
        self.event, self.wanted = event, wanted

    def stop(self):
        """Say whether to stop, and why."""
        if register(0) >> 16 & 0xFFFF != self.event.number:
            return False
        if any(register(at) != value for at, value in self.wanted.items()):
            return False
        print(self.event.name, *(f"{field}={self.show(kind, at)}"
                                 for field, (kind, at) in places(self.event).items()))  # fmt: skip
        return True

    @staticmethod
    def show(kind, at):
        """Return a field as people write it."""
        if kind == "s":
            text = b"".join(register(n).to_bytes(WORD, "little") for n in (at, at + 1))
            return text.rstrip(b"\0").decode("utf-8", "replace")
        value = register(at)
        if kind == "d" and value >> 63:
            value -= 1 << 64
        return hex(value) if kind == "x" else str(value)


def words_of(kind, at, text):
    """Return {number of a word: value} of a field that is to be `text`."""
    if kind == "s":
        data = text.encode().ljust(2 * WORD, b"\0")
        return {at + n: int.from_bytes(data[WORD * n : WORD * (n + 1)], "little") for n in (0, 1)}
    return {at: int(gdb.parse_and_eval(text)) & (1 << 64) - 1}


@command("break-on EVENT [FIELD=VALUE...]")
def break_on(words):
    """Stops at a traced event: break-on virtq.publish head=17; alone, lists all."""
    table = {event.name: event for event in tracing.events().values()}
    if not words:
        for event in table.values():
            print(event.name, *(field for field, _ in event.fields))
        return
    if words[0] not in table:
        raise gdb.GdbError(f"no event {words[0]}; break-on alone lists them")
    event = table[words[0]]
    where, wanted = places(event), {}
    for word in words[1:]:
        field, _, value = word.partition("=")
        if field not in where or not value:
            names = ", ".join(where) or "none"
            raise gdb.GdbError(f"{event.name} has no field {field}=; it has: {names}")
        wanted |= words_of(*where[field], value)
    EventBreakpoint(event, wanted)
    if not is_traced(event):
        group = event.group
        print(f"{group} is not traced: the boot argument trace={group} turns it on")
