"""QEMU's trace log: what the devices saw, whatever the guest says.

A line is "1234@1700000000.123456:virtqueue_fill vq 0x55.. elem 0x55.. len 1",
the process and time in front where QEMU was built to log them.
"""

import dataclasses
import re

LINE = re.compile(r"^(?:(?:\d+@)?(\d+)\.(\d{6,9}):)?([a-z]\w+) ?(.*)$")
WORD = re.compile(r"([A-Za-z_]\w*)[ :=]+(0x[0-9a-fA-F]+|-?\d+)\b")
MOST = 500_000


@dataclasses.dataclass
class Event:
    """One event: its name, the rest of the line, and the numbers in it."""

    name: str
    text: str
    fields: dict
    microseconds: int = 0


def parse(text):
    """Return the events of a log, in order; the first MOST of them."""
    events = []
    for line in text.split("\n", MOST)[:MOST]:
        found = LINE.match(line)
        if not found:
            continue
        fields = {k: int(v, 0) for k, v in WORD.findall(found[4])}
        when = int(found[1]) * 10**6 + int(found[2][:6]) if found[1] else 0
        events.append(Event(found[3], found[4], fields, when))
    return events
